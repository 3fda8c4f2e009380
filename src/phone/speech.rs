//! How long things sound, as an estimate.

use super::io::Sound;
use std::sync::Arc;

/// How many milliseconds something sounds. A Ringing and a Silence have their own length and are not asked for.
pub type Speech = Arc<dyn Fn(&Sound) -> u64 + Send + Sync>;

/// 150 words a minute.
const WORD_MS: u64 = 400;
/// A recording of unknown length.
const PLAY_MS: u64 = 3_000;
const TONE_MS: u64 = 200;
const APPLICATION_ERROR_MS: u64 = 4_000;

/// Words at 150 a minute, each digit a word; recordings at three seconds.
pub fn estimated_speech(sound: &Sound) -> u64 {
    match sound {
        Sound::Say { words, .. } => spoken_words(words).saturating_mul(WORD_MS),
        Sound::Play { .. } => PLAY_MS,
        Sound::Tones(tones) => tones.chars().map(tone_ms).sum(),
        Sound::Silence | Sound::Ringing => 0,
        Sound::ApplicationError => APPLICATION_ERROR_MS,
    }
}

fn tone_ms(tone: char) -> u64 {
    match tone {
        'w' => 500,
        'W' => 1_000,
        _ => TONE_MS,
    }
}

fn spoken_words(words: &str) -> u64 {
    let count = |word: &str| {
        let digits = word.chars().filter(|c| c.is_numeric()).count();
        let letters = word.chars().any(char::is_alphabetic);
        digits as u64 + u64::from(letters)
    };
    words.split_whitespace().map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_digits_take_their_time() {
        let case = |words: &str, ms: u64| {
            let say = Sound::Say { language: "en-GB".into(), voice: "man".into(), words: words.into() };
            assert_eq!(estimated_speech(&say), ms, "{words}");
        };
        case("Press one.", 800);
        case("Call 112 now!", 2_000);
        case("0800 1 2", 2_400);
        case("yes - no", 800);
        case("B8", 800);
        case("", 0);
        assert_eq!(estimated_speech(&Sound::Tones("wW1#".into())), 1_900);
    }
}
