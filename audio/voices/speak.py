"""Says the text of a file: speak.py [--speed 0.85] TEXT.txt OUT.wav

Called by `hulplijn audio render` for each piece of a prompt. The seed is fixed, so that the same text on the same
machine gives the same file.
"""
import argparse
import pathlib

from hibari import Hibari

arguments = argparse.ArgumentParser()
arguments.add_argument("--speed", type=float, default=1.0, help="1.0 is the voice's own pace")
arguments.add_argument("text", type=pathlib.Path)
arguments.add_argument("out", type=pathlib.Path)
given = arguments.parse_args()

words = given.text.read_text(encoding="utf-8").strip()
# A word alone, such as a digit, is slow by itself: it keeps the voice's own pace.
speed = given.speed if " " in words else 1.0
Hibari(voice="heart").save(words, str(given.out), speed=speed, seed=1)
