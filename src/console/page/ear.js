// What is heard: recordings, tones, ringing, and the browser's own voice where there is no recording.

const ROWS = [697, 770, 852, 941]; // ITU-T Q.23, in hertz
const COLUMNS = [1209, 1336, 1477];
const PAD = '123456789*0#';
const TONE_S = 0.12;
// A recording that ends so soon may end before the next one begins.
const GAP_S = 0.4;
const MOST_SOUNDS = 200;

export class Ear {
  #context = null;
  #volume = 0.7;
  #sources = new Set(); // the recording that sounds, or the ringing
  #ends = 0;
  #sounds = new Map(); // path -> promise of a decoded sound
  #turn = 0; // rises whenever something else is to be heard

  // Browsers give sound only after a key or a click.
  get context() {
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: 'interactive' });
      this.out = this.#context.createGain();
      this.out.gain.value = this.#volume;
      this.analyser = this.#context.createAnalyser();
      this.analyser.fftSize = 1024;
      // What is said, without the tones of the keys: this is what can be cut off.
      this.line = this.#context.createGain();
      this.line.connect(this.analyser);
      this.analyser.connect(this.out);
      this.out.connect(this.#context.destination);
    }
    return this.#context;
  }

  wake() {
    if (this.context.state === 'suspended') this.context.resume();
  }

  set volume(volume) {
    this.#volume = volume;
    if (this.#context) this.out.gain.setTargetAtTime(volume, this.#context.currentTime, 0.01);
  }

  // The tone of a key.
  tone(key, at = this.context.currentTime, length = TONE_S) {
    const place = PAD.indexOf(key);
    if (place < 0) return;
    const gain = this.context.createGain();
    gain.connect(this.out);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.12, at + 0.004);
    gain.gain.setValueAtTime(0.12, at + length - 0.01);
    gain.gain.linearRampToValueAtTime(0, at + length);
    for (const hertz of [ROWS[Math.floor(place / 3)], COLUMNS[place % 3]]) {
      const oscillator = this.context.createOscillator();
      oscillator.frequency.value = hertz;
      oscillator.connect(gain);
      oscillator.start(at);
      oscillator.stop(at + length);
    }
  }

  tones(keys) {
    let at = this.context.currentTime;
    for (const key of keys) {
      if (key === 'w' || key === 'W') at += key === 'w' ? 0.5 : 1;
      else {
        this.tone(key, at, TONE_S);
        at += 0.2;
      }
    }
  }

  // Plays a recording from `from` seconds on. False: it could not be had.
  async play(path, from = 0) {
    const turn = this.#next();
    const sound = await this.#fetch(path);
    if (turn !== this.#turn) return true;
    if (!sound) return false;
    const source = this.context.createBufferSource();
    source.buffer = sound;
    source.connect(this.line);
    const now = this.context.currentTime;
    const at = this.#ends > now && this.#ends - now < GAP_S ? this.#ends : now;
    for (const other of this.#sources) if (at === now) other.stop();
    source.start(at, Math.min(from, sound.duration));
    this.#ends = at + sound.duration - from;
    this.#sources.add(source);
    source.onended = () => this.#sources.delete(source);
    return true;
  }

  #fetch(path) {
    if (!this.#sounds.has(path)) {
      if (this.#sounds.size >= MOST_SOUNDS) this.#sounds.clear();
      const sound = fetch(path)
        .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(answer.status)))
        .then((bytes) => this.context.decodeAudioData(bytes))
        .catch(() => {
          this.#sounds.delete(path);
          return null;
        });
      this.#sounds.set(path, sound);
    }
    return this.#sounds.get(path);
  }

  // The tone a caller hears while it rings: 425 Hz, one second in five.
  ring() {
    this.stop();
    const now = this.context.currentTime;
    const gain = this.context.createGain();
    gain.gain.value = 0;
    for (let at = 0; at < 120; at += 5) {
      gain.gain.setValueAtTime(0.1, now + at);
      gain.gain.setValueAtTime(0, now + at + 1);
    }
    const oscillator = this.context.createOscillator();
    oscillator.frequency.value = 425;
    oscillator.connect(gain).connect(this.line);
    oscillator.start();
    oscillator.stop(now + 120);
    this.#sources.add(oscillator);
    oscillator.onended = () => this.#sources.delete(oscillator);
  }

  // The browser's own voice; `ended` is called once, also when it fails or was cut off.
  say(words, language, ended) {
    this.stop();
    const turn = this.#turn;
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = language;
    utterance.voice = voiceFor(language);
    utterance.volume = this.#volume;
    const over = () => turn === this.#turn && ended();
    utterance.onend = over;
    utterance.onerror = over;
    speechSynthesis.speak(utterance);
  }

  // Silence, at once.
  stop() {
    this.#next();
    for (const source of this.#sources) source.stop();
    this.#sources.clear();
    this.#ends = 0;
  }

  #next() {
    this.#turn += 1;
    if ('speechSynthesis' in globalThis && (speechSynthesis.speaking || speechSynthesis.pending)) speechSynthesis.cancel();
    return this.#turn;
  }

  // How loud the line is now: 0 to 1.
  level() {
    if (!this.#context) return 0;
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  }
}

const primary = (language) => language.toLowerCase().split(/[-_]/)[0];

function voiceFor(language) {
  const voices = speechSynthesis.getVoices();
  const same = (voice) => voice.lang.toLowerCase().replace('_', '-') === language.toLowerCase();
  const near = (voice) => primary(voice.lang) === primary(language);
  // A voice on this machine first: another one sends the words away.
  return voices.find((v) => v.localService && same(v)) ?? voices.find((v) => v.localService && near(v)) ?? null;
}

// The languages this browser has a voice for on this machine.
export function voices() {
  if (!('speechSynthesis' in globalThis)) return [];
  const local = speechSynthesis.getVoices().filter((voice) => voice.localService);
  return [...new Set(local.map((voice) => primary(voice.lang)))].filter((tag) => /^[a-z]{2,3}$/.test(tag)).slice(0, 60);
}
