"""Write configparser.json: random INI texts, and what Python's configparser makes of
them, set up as PasteDeploy sets it up. Run it in this directory, with any Python 3.

settings/configparser_test.go holds the Go reader against the result.
"""
import configparser
import io
import json
import random

PIECES = [
    "[app:main]\n", "[DEFAULT]\n", "[x]y]\n", "[", "] ", "a", "b", "k", "= ", "=", ":",
    " ", "  ", "\t", "\n", "\n", "\n", "\r", "\r\n", "#", ";", '"', "`", "'", '"""',
    "%%", "%(a)s", "%(b)s", "%(", "%", "\\", "-", ".",
    "\u00e9", "\u00a0", "\x1c", "\x85",
]


def case(text):
    parser = configparser.ConfigParser()
    parser.optionxform = str
    try:
        parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    except configparser.Error as error:
        return {"text": text, "error": type(error).__name__}
    values = []
    for section in parser.sections():
        for key in parser._sections[section]:
            try:
                values.append([section, key, parser.get(section, key)])
            except configparser.Error:
                values.append([section, key, None])
    return {"text": text, "values": values}


random.seed(1)
cases = []
while len(cases) < 600:
    text = "".join(random.choices(PIECES, k=random.randint(3, 25)))
    made = case("[app:main]\n" + text)
    # Most random texts are errors; the others say more.
    if "error" not in made and made["values"] or random.random() < 0.02:
        cases.append(made)
with open("configparser.json", "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
