"""Rules of the source that no compiler checks.

    python3 tests/lint/check.py ROOT [RULE...]     all rules when none is named

Each rule is a function that yields complaints, "file:line: what"; one complaint fails the run.
test_check.py holds a counterexample for each."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SOURCE_FOLDERS = ("include", "index", "daemon", "client", "tests")
SKIPPED = {"build", ".git", ".cache", "__pycache__", "corpus", "data"}
FILE_LINES_MAX = 700
FUNCTION_LINES_MAX = 100

# Which folders a folder may include from, besides itself and include/.
INDEX = ("index/base", "index/text", "index/query", "index/rank", "index/blockmax", "index/store",
         "index/ingest", "index/extract")
MAY_INCLUDE = {
    "include/searchd": (),
    "index/base": (),
    "index/text": ("index/base",),
    "index/ingest": ("index/base",),
    "index/extract": ("index/base", "index/ingest"),
    "index/query": ("index/base", "index/text"),
    "index/rank": ("index/base", "index/text"),
    "index/blockmax": ("index/base", "index/rank"),
    "index/store": ("index/base", "index/text"),
    "index/extension": ("index/base", "index/text", "index/rank", "index/store"),
    "index/engine": INDEX,
    "daemon": ("index/base",),
    "client/lib": ("index/base",),
    "client": ("index/base", "client/lib"),
}

# Which folders may use a library: by its headers and by its names.
LIBRARIES = (
    (r"sqlite3(ext)?\.h", r"\bsqlite3_\w+", ("index/store", "index/extension")),
    (r"unicode/.*", None, ("index/text", "index/ingest")),
    (r"libxml/.*", r"\bxml[A-Z]\w+", ("index/ingest",)),
    (r"archive(_entry)?\.h", r"\barchive_(read|entry)_\w+\(", ("index/ingest",)),
    (r"seccomp\.h", r"\bseccomp_\w+\(", ("index/extract",)),
    (r"md4c.*\.h", r"\bmd_parse\b", ("index/ingest",)),
    (r"(event2/.*|event\.h)", r"\b(event|evbuffer|bufferevent|evconnlistener)_\w+\(", ("daemon",)),
    (r"ini\.h", r"\bini_parse\w*", ("daemon",)),
    (r"cjson/.*", None, ("index/base", "daemon", "client", "client/lib")),
)

# Calls that no file may make, and those that only some may. (pattern, folders, except, why)
CALLS = (
    (r"strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof", SOURCE_FOLDERS, (),
     "has no bounds or no errors"),
    (r"malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf", ("index", "daemon", "client"),
     ("index/base/alloc.c",), "does not go through index/base/alloc.h"),
    (r"printf|fprintf|puts|fputs|perror|exit|_exit|abort|syslog", ("index",),
     ("index/extract/helper.c", "index/extract/spawner.c"),  # processes of their own
     "speaks or exits: the index returns errors"),
    (r"sleep|usleep", ("index", "daemon", "client", "tests"), (),
     "waits for nothing in particular"),
)


def files(root, *endings):
    """Paths below `root`, relative to it, that end so."""
    for folder, names, found in os.walk(root):
        names[:] = sorted(n for n in names if n not in SKIPPED)
        for name in sorted(found):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), root)


def c_files(root, *endings):
    for path in files(root, *(endings or (".c", ".h"))):
        if path.split(os.sep)[0] in SOURCE_FOLDERS:
            yield path


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def code_of(text):
    """C without comments, and with the insides of literals blanked; lines stay where they are."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(match):
        found = match.group()
        if found[0] in "\"'":
            return found[0] + found[0]
        return " " + "\n" * found.count("\n")

    return re.sub(pattern, blank, text, flags=re.S)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def includes_of(text):
    """(line, path, quoted) of each #include."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    for match in re.finditer(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', text, flags=re.M):
        yield line_of(text, match.start(1)), match.group(2), match.group(1) == '"'


def layers(root):
    """A folder includes only from those below it; paths are spelled from the root."""
    for path in c_files(root):
        folder = os.path.dirname(path)
        in_tests = folder.startswith("tests")
        if not in_tests and folder not in MAY_INCLUDE:
            yield f"{path}:1: tests/lint/check.py knows no layer for {folder}/"
            continue
        for line, target, quoted in includes_of(read(root, path)):
            if not quoted:
                continue
            where = os.path.dirname(target)
            if not os.path.exists(os.path.join(root, target)):
                yield f'{path}:{line}: "{target}" is no path from the root'
            elif not in_tests and where != folder and where not in MAY_INCLUDE[folder]:
                yield f'{path}:{line}: {folder}/ may not include "{target}"'


def cycles(root):
    """No header includes itself, by whatever way."""
    graph = {}
    for path in c_files(root, ".h"):
        graph[path] = [t if q else "include/" + t for _, t, q in includes_of(read(root, path))]
    state = {}

    def visit(path, trail):
        state[path] = "open"
        for target in graph.get(path, ()):
            if state.get(target) == "open":
                yield f"{path}:1: includes go in a circle: {' -> '.join(trail + [path, target])}"
            elif target not in state:
                yield from visit(target, trail + [path])
        state[path] = "done"

    for path in sorted(graph):
        if path not in state:
            yield from visit(path, [])


def libraries(root):
    """Each library is used where it belongs, and nowhere else."""
    for path in c_files(root):
        folder = os.path.dirname(path)
        if folder.startswith("tests"):
            continue
        text = read(root, path)
        code = code_of(text)
        for header, names, folders in LIBRARIES:
            if folder in folders:
                continue
            for line, target, _ in includes_of(text):
                if re.fullmatch(header, target):
                    yield f"{path}:{line}: <{target}> belongs to {', '.join(folders)}"
            for match in re.finditer(names, code) if names else ():
                yield (f"{path}:{line_of(code, match.start())}: {match.group()} belongs to "
                       f"{', '.join(folders)}")


def calls(root):
    """Functions that some or all files must do without."""
    for path in c_files(root):
        code = code_of(read(root, path))
        for names, folders, but, why in CALLS:
            if path.split(os.sep)[0] not in folders or path in but:
                continue
            for match in re.finditer(r"(?<![\w.>])(?:%s)(?=\s*\()" % names, code):
                yield f"{path}:{line_of(code, match.start())}: {match.group()}() {why}"


def openings(root):
    """A file opens with its idea, a .c includes its own header first, a header has its guard."""
    for path in c_files(root):
        text = read(root, path)
        if not text.startswith("/*"):
            yield f"{path}:1: does not open with a comment that tells its idea"
        if path.endswith(".h"):
            names = os.path.splitext(path)[0].split(os.sep)
            names = names[1:] if names[0] == "include" else names
            guard = re.sub(r"\W", "_", "_".join(names)).upper() + "_H"
            wanted = r"\w+_H" if names[0] == "tests" else guard
            if not re.search(r"#ifndef (%s)\n#define \1\n" % wanted, text):
                yield f"{path}:1: has no guard {guard}"
            continue
        own = path[:-2] + ".h"
        found = next((target for _, target, _ in includes_of(text)), None)
        if os.path.exists(os.path.join(root, own)) and found != own:
            yield f'{path}:1: its first include is not "{own}"'
    for path in files(root, ".sh", ".py"):
        lines = read(root, path).split("\n")
        if lines[0].startswith("#!"):
            lines = lines[1:]
        if not lines[0].startswith(("#", '"""')):
            yield f"{path}:1: does not open with a comment that tells its idea"


def lengths(root):
    """Functions of at most 100 lines, files of at most 700."""
    for path in c_files(root):
        lines = read(root, path).split("\n")
        if len(lines) - 1 > FILE_LINES_MAX:
            yield f"{path}:{FILE_LINES_MAX}: has {len(lines) - 1} lines, over {FILE_LINES_MAX}"
        start = None
        for number, line in enumerate(lines, 1):
            if line == "{":
                start = number
                while start > 1 and re.match(r"[\w\s]", lines[start - 2]):
                    start -= 1
            elif line == "}" and start:
                if number - start + 1 > FUNCTION_LINES_MAX:
                    yield (f"{path}:{start}: a function of {number - start + 1} lines, over "
                           f"{FUNCTION_LINES_MAX}")
                start = None


def whitespace(root):
    """No tabs, no white space at the end of a line, one newline at the end of a file."""
    for path in files(root, ".c", ".h", ".py", ".sh", ".md", ".txt", ".json", ".conf", ".bash"):
        text = read(root, path)
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{path}:{number}: white space at the end of the line"
            if "\t" in line:
                yield f"{path}:{number}: a tab"
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{path}:{line_of(text, len(text))}: does not end with one newline"


def run_all(commands):
    """Runs commands side by side; yields (name, output) of those that fail."""
    def run(item):
        name, command = item
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return name, done.returncode, done.stdout

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, status, output in pool.map(run, commands):
            if status != 0:
                yield name, output


def headers(root):
    """Each header compiles alone; the public ones strictly, and as C++."""
    xml = subprocess.run(["pkg-config", "--cflags", "libxml-2.0"], stdout=subprocess.PIPE,
                         text=True, check=True).stdout.split()
    commands = []
    for path in c_files(root, ".h"):
        full = os.path.join(root, path)
        public = path.startswith("include" + os.sep)
        include = ["-I", os.path.join(root, "include")]
        if not public:
            include += ["-I", root, "-D_GNU_SOURCE"] + xml
        commands.append((path, ["gcc", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror",
                                "-fsyntax-only", "-x", "c", full] + include))
        if public:
            commands.append((path, ["g++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x",
                                    "c++", full] + include))
    for path, output in run_all(commands):
        yield f"{path}:1: does not compile alone\n{output}"


def layout(root):
    """clang-format has nothing to change."""
    paths = [os.path.join(root, path) for path in c_files(root)]
    commands = [("", ["clang-format", "--dry-run", "-Werror"] + paths[i:i + 20])
                for i in range(0, len(paths), 20)]
    for _, output in run_all(commands):
        yield output.rstrip()


def scripts(root):
    """Shell and Python scripts parse."""
    commands = [(path, ["sh", "-n", os.path.join(root, path)]) for path in files(root, ".sh")]
    for path in list(files(root, ".bash")) + [".ci/run"]:
        commands.append((path, ["bash", "-n", os.path.join(root, path)]))
    for path, output in run_all(commands):
        yield f"{path}:1: does not parse\n{output}"
    for path in files(root, ".py"):
        try:
            compile(read(root, path), path, "exec")
        except SyntaxError as error:
            yield f"{path}:{error.lineno}: {error.msg}"


def anchors_of(text):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    for heading in re.findall(r"^#+ +(.*)$", text, flags=re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def links(root):
    """Links in Markdown lead to files and headings that exist."""
    for path in files(root, ".md"):
        text = read(root, path)
        bare = re.sub(r"^```.*?^```|`[^`\n]*`", lambda m: "\n" * m.group().count("\n"), text,
                      flags=re.S | re.M)
        for match in re.finditer(r"\]\(([^)\s]+)\)", bare):
            target, _, anchor = match.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            where = f"{path}:{line_of(bare, match.start())}:"
            page = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            if not os.path.exists(os.path.join(root, page)):
                yield f"{where} {target} does not exist"
            elif anchor and anchor not in anchors_of(read(root, page)):
                yield f"{where} {page} has no heading #{anchor}"


RULES = (layers, cycles, libraries, calls, openings, lengths, whitespace, headers, layout, scripts,
         links)


def main():
    root = sys.argv[1]
    names = {rule.__name__: rule for rule in RULES}
    complaints = 0
    for rule in [names[name] for name in sys.argv[2:]] or RULES:
        for complaint in rule(root):
            print(f"{complaint} [{rule.__name__}]")
            complaints += 1
    print(f"{complaints} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
