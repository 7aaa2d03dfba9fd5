"""The history: what is kept of a question, by several processes, over crashes, and when the file is in a bad way."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag import history as module
from rag.answers import Answer, Claim, Quotation
from rag.errors import HistoryDamagedError, StorageError
from rag.history import History, Turn, history_object, history_text, remember
from rag.rendering import Look

ROOT = Path(__file__).parent.parent
MORNING = dt.datetime(2026, 11, 21, 5, 14, 7, 250_000, dt.UTC)
TURN = Turn(
    MORNING, "and the laptops?", "What is in the deal, and the laptops?", "en", "answered", "A claim.", ("A b.",)
)

WRITER = textwrap.dedent(
    """
    import datetime as dt, sys
    from pathlib import Path
    from rag.history import History, Turn

    history, name, count = History.open(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
    for number in range(count):
        history.add(Turn(dt.datetime.now(dt.UTC), f"{name} {number}", f"{name} {number}", "en"))
        print(number, flush=True)
    """
)


def _write(home: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that adds questions and prints the number of each that is kept."""
    command = [sys.executable, "-c", WRITER, str(home), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_added_comes_back_the_last_one_first(tmp_path: Path) -> None:
    """Every field survives; a limit keeps the last ones."""
    history = History.open(tmp_path)
    french = Turn(MORNING, "et en Chine ?", "Combien en Chine ?", None, "unanswerable")
    history.add(TURN)
    history.add(french)
    assert History.open(tmp_path).turns() == [french, TURN]
    assert history.turns(1) == [french]
    assert history.turns(0) == history.turns(-3) == []
    assert history.turns(10**30) == [french, TURN]


def test_a_question_that_found_nothing_leaves_what_was_spoken_of(tmp_path: Path) -> None:
    """As far back as the conversation goes, which begins with a question that was searched as it was typed."""
    history = History.open(tmp_path)
    lost = Turn(MORNING, "and the moon?", "What is in the deal, and the moon?", "en", "unanswerable")
    history.add(TURN)
    history.add(lost)
    history.add(lost)
    assert history.context() == replace(lost, quotations=TURN.quotations)
    fresh = Turn(MORNING, "Who ate the moon?", "Who ate the moon?", "en", "unanswerable")
    history.add(fresh)
    assert history.context() == fresh
    history.add(lost)
    assert history.context() == lost


def test_reading_and_clearing_create_nothing(tmp_path: Path) -> None:
    """Only a question that is kept makes a file, and the folder for it."""
    history = History.open(tmp_path / "home")
    assert history.context() is None
    assert history.turns() == []
    assert history.clear() == 0
    assert not (tmp_path / "home").exists()
    history.add(TURN)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["history.sqlite"]


def test_a_turn_keeps_what_an_answer_says_first() -> None:
    """The question as searched comes from the answer; quotations are kept in order, at most 12."""
    spans = tuple(Quotation("a.txt", "0" * 64, place, place + 3, f"q{place}") for place in range(20))
    answer = Answer("When was the deal signed?", "en", "partial", (Claim("In 2015.", spans, 1), Claim("B", spans, 1)))
    turn = Turn.of(answer, "when?", MORNING)
    assert (turn.asked, turn.question, turn.searched) == (MORNING, "when?", "When was the deal signed?")
    assert (turn.language, turn.status, turn.claim) == ("en", "partial", "In 2015.")
    assert turn.quotations == tuple(f"q{place}" for place in range(12))
    silent = Turn.of(Answer("x?", None, "unanswerable"), "x?")
    assert (silent.claim, silent.quotations) == ("", ())
    assert abs(silent.asked - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "text", ["où ? “«»” 笔记本电脑呢？", "a\0b", "line\nbreak", "'; DROP TABLE turns; --", "😀" * 500]
)
def test_any_text_is_kept(tmp_path: Path, text: str) -> None:
    """Questions, claims and quotations are data."""
    turn = Turn(MORNING, text, text, "zh", "conflicting", text, (text, ""))
    History.open(tmp_path).add(turn)
    assert History.open(tmp_path).context() == turn


def test_undecodable_bytes_of_a_command_line_are_replaced(tmp_path: Path) -> None:
    """A lone surrogate can't be stored; the question still is."""
    history = History.open(tmp_path)
    history.add(Turn(MORNING, "caf\udce9?", "caf\udce9?", "en", "answered", "x\ud800", ("y\udfff",)))
    [turn] = history.turns()
    assert (turn.question, turn.claim, turn.quotations) == ("caf??", "x?", ("y?",))


def test_times_are_kept_with_their_instant(tmp_path: Path) -> None:
    """Whatever the zone in which a question was asked, the instant is the same."""
    zone = dt.timezone(dt.timedelta(hours=7))
    History.open(tmp_path).add(Turn(MORNING.astimezone(zone), "q", "q"))
    turn = History.open(tmp_path).context()
    assert turn is not None
    assert turn.asked == MORNING
    assert turn.asked.utcoffset() == dt.timedelta(0)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """The file, and its log while it is open, have the mode 0600 under any umask; a looser mode is put right."""
    before = os.umask(0)
    try:
        history = History.open(tmp_path)
        history.add(TURN)
        assert _mode(history.path) == 0o600
        history.path.chmod(0o644)
        with sqlite3.connect(history.path) as connection:
            connection.execute("SELECT * FROM turns").fetchall()
            history.add(TURN)
            log = history.path.with_name("history.sqlite-wal")
            assert log.exists()
        assert _mode(history.path) == 0o600
        connection.close()
        history.path.with_name("history.sqlite-wal").unlink(missing_ok=True)
    finally:
        os.umask(before)


def test_the_log_is_as_private_as_the_file(tmp_path: Path) -> None:
    """SQLite's own files beside it show nothing to others."""
    before = os.umask(0)
    try:
        history = History.open(tmp_path)
        history.add(TURN)
        reader = sqlite3.connect(history.path)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM turns").fetchall()
        history.add(TURN)
        assert {path.name: _mode(path) for path in tmp_path.iterdir()} == {
            "history.sqlite": 0o600, "history.sqlite-wal": 0o600, "history.sqlite-shm": 0o600,
        }  # fmt: skip
        reader.close()
    finally:
        os.umask(before)


def test_several_processes_add_at_once_from_the_first_moment(tmp_path: Path) -> None:
    """Six processes that create the file together lose nothing."""
    writers = [_write(tmp_path / "home", f"w{number}", 15) for number in range(6)]
    problems = [writer.communicate(timeout=100)[1] for writer in writers]
    assert problems == [""] * 6
    found = [turn.question for turn in History.open(tmp_path / "home").turns()]
    assert sorted(found) == sorted(f"w{number} {count}" for number in range(6) for count in range(15))
    for number in range(6):  # in the order of each process
        own = [question for question in reversed(found) if question.startswith(f"w{number} ")]
        assert own == [f"w{number} {count}" for count in range(15)]


def test_threads_may_share_one_history(tmp_path: Path) -> None:
    """Nothing is held between two calls."""
    history = History.open(tmp_path)
    threads = [threading.Thread(target=lambda: [history.add(TURN) for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(history.turns()) == 20


@pytest.mark.parametrize("after", [0, 1, 7])
def test_what_was_added_survives_a_kill(tmp_path: Path, after: int) -> None:
    """After kill -9 every question that was reported as kept is there, and the next can be added."""
    writer = _write(tmp_path, "w", 100_000)
    assert writer.stdout is not None
    kept = -1
    for line in writer.stdout:
        kept = int(line)
        if kept >= after:
            break
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)
    history = History.open(tmp_path)
    numbers = [int(turn.question.split()[1]) for turn in reversed(history.turns())]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > kept
    history.add(TURN)
    assert history.context() == TURN


def test_a_kill_before_the_first_question_leaves_an_empty_history(tmp_path: Path) -> None:
    """An empty file is a history without questions."""
    (tmp_path / "history.sqlite").touch()
    history = History.open(tmp_path)
    assert history.turns() == []
    assert history.clear() == 0
    history.add(TURN)
    assert history.turns() == [TURN]


def test_the_oldest_questions_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history does not grow without end."""
    monkeypatch.setattr(module, "KEPT", 3)
    history = History.open(tmp_path)
    for number in range(5):
        history.add(Turn(MORNING, f"q{number}", f"q{number}"))
    assert [turn.question for turn in history.turns()] == ["q4", "q3", "q2"]


def test_clearing_leaves_nothing_in_the_file(tmp_path: Path) -> None:
    """The words are gone from the disk, not only from the list."""
    history = History.open(tmp_path)
    for number in range(50):
        history.add(Turn(MORNING, f"zanzibar {number}", "zanzibar", "en", "answered", "zanzibar " * 50))
    assert history.clear() == 50
    assert history.turns() == []
    assert b"zanzibar" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    history.add(TURN)
    assert history.turns() == [TURN]


def test_clearing_waits_for_readers(tmp_path: Path) -> None:
    """A reader in another process does not keep the words on disk."""
    history = History.open(tmp_path)
    history.add(Turn(MORNING, "zanzibar", "zanzibar"))
    reader = sqlite3.connect(history.path, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM turns").fetchall()
    timer = threading.Timer(0.3, reader.close)
    timer.start()
    assert history.clear() == 1
    timer.join()
    assert b"zanzibar" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def _garbage(path: Path) -> None:
    path.write_bytes(b"This is no database.\n" * 400)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _scribble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * len(data[4096:])
    path.write_bytes(data)


def _sql(statement: str) -> object:
    def change(path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()

    return change


DAMAGES = {
    "garbage": _garbage,
    "cut": _cut,
    "scribbled": _scribble,
    "no_list": _sql("UPDATE turns SET quotations = '{oops'"),
    "a_number": _sql("UPDATE turns SET quotations = '7'"),
    "no_time": _sql("UPDATE turns SET asked = 'yesterday'"),
    "no_status": _sql("UPDATE turns SET status = 'maybe'"),
    "bytes": _sql("UPDATE turns SET question = CAST(x'ff00fe' AS TEXT)"),
    "newer": _sql("PRAGMA user_version = 99"),
    "other_table": _sql("ALTER TABLE turns RENAME COLUMN claim TO claims"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_a_clear_error_with_the_remedy(tmp_path: Path, damage: object) -> None:
    """The error names the file and the command, and the command helps."""
    history = History.open(tmp_path)
    for _ in range(3):
        history.add(Turn(MORNING, "q", "q", "en", "answered", "x" * 30_000))
    damage(history.path)  # type: ignore[operator]
    with pytest.raises(HistoryDamagedError, match=r"The history is damaged: '.*history\.sqlite': .+\.") as caught:
        history.turns()
    assert caught.value.hint == "Start a new history: rag history --clear"
    assert caught.value.exit_code == 1
    history.clear()
    assert history.turns() == []
    history.add(TURN)
    assert history.context() == TURN


def test_a_damaged_file_never_costs_the_answer(tmp_path: Path) -> None:
    """What goes wrong on keeping a question is told in one sentence."""
    _garbage(tmp_path / "history.sqlite")
    told: list[str] = []
    assert not remember(History.open(tmp_path), TURN, told.append)
    [sentence] = told
    assert sentence.startswith("Not in the history: The history is damaged: ")
    assert sentence.endswith("Start a new history: rag history --clear")
    assert remember(History.open(tmp_path / "other"), TURN, told.append)
    assert len(told) == 1


def test_a_folder_that_cannot_be_written_is_told(guarded: Path) -> None:
    """Neither a new history nor one more question in an old one is possible; the old ones can be read."""
    history = History.open(guarded)
    history.add(TURN)
    guarded.chmod(0o500)
    try:
        told: list[str] = []
        assert not remember(History.open(guarded / "new"), TURN, told.append)
        history.path.chmod(0o400)
        assert not remember(history, TURN, told.append)
        assert [sentence.partition(":")[0] for sentence in told] == ["Not in the history"] * 2
        assert history.turns() == [TURN]
        with pytest.raises(StorageError):
            history.clear()
    finally:
        guarded.chmod(0o700)


def test_a_file_of_another_user_is_told(guarded: Path) -> None:
    """What may not be read is an error, not an empty history."""
    history = History.open(guarded)
    history.add(TURN)
    history.path.chmod(0)
    with pytest.raises(StorageError, match="cannot be used") as caught:
        history.turns()
    assert caught.value.hint


def test_a_lock_that_stays_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that hangs with the file locked costs some seconds and the entry, no more; reading goes on."""
    monkeypatch.setattr(module, "_WAIT_S", 0.3)
    history = History.open(tmp_path)
    history.add(TURN)
    other = sqlite3.connect(history.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="The history is locked"):
        history.add(TURN)
    assert history.turns() == [TURN]
    other.close()
    history.add(TURN)


LIMITED = textwrap.dedent(
    """
    import datetime as dt, resource, signal, sys
    from pathlib import Path
    from rag.history import History, Turn, remember

    history = History.open(Path(sys.argv[1]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    for number in range(200):
        turn = Turn(dt.datetime.now(dt.UTC), f"q{number}", "x" * 2_000)
        if not remember(history, turn, lambda sentence: print(sentence)):
            sys.exit(3)
        last = number
    """
)


def test_files_that_cannot_grow_cost_the_entry_only(tmp_path: Path) -> None:
    """At the limit the entry is refused with a sentence; those before it stay."""
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], check=False, cwd=ROOT, capture_output=True)
    assert done.returncode == 3, done.stderr
    assert done.stdout.decode().startswith("Not in the history: ")
    history = History.open(tmp_path)
    numbers = [int(turn.question[1:]) for turn in reversed(history.turns())]
    assert numbers == list(range(len(numbers)))
    assert numbers
    history.add(TURN)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 kB; skips where none can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_a_warning(small_disk: Path) -> None:
    """The sentence says so; what was kept stays readable, and can be cleared to make room."""
    history, told = History.open(small_disk), list[str]()
    while remember(history, Turn(MORNING, "q", "x" * 2_000), told.append):
        pass
    assert told == [f"Not in the history: The disk is full: {str(history.path)!r}. Free some space."]
    assert history.turns()


def test_a_read_only_disk_can_be_read(small_disk: Path) -> None:
    """A history on a read-only file system is listed; one more question is a warning."""
    history, told = History.open(small_disk), list[str]()
    history.add(TURN)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert history.turns() == [TURN]
    assert not remember(history, TURN, told.append)
    assert told


def test_the_list_shows_when_what_and_what_came_of_it() -> None:
    """The searched question only where it differs; nothing of a claim can harm the terminal."""
    plain = Turn(MORNING, "What is\x1b[2J it?", "What is\x1b[2J it?", "en", "unanswerable")
    assert history_text([TURN, plain], Look(), dt.UTC) == (
        "2026-11-21 05:14  and the laptops?\n"
        "                  searched: What is in the deal, and the laptops?\n"
        "                  answered: A claim.\n"
        "2026-11-21 05:14  What is\ufffd[2J it?\n"
        "                  unanswerable\n"
    )
    assert history_text([], Look()) == "No question is in the history.\n"


def test_the_list_fits_a_terminal() -> None:
    """Lines are wrapped, long claims cut."""
    long = Turn(MORNING, "word " * 60, "other " * 60, "en", "answered", "claim " * 200)
    text = history_text([long], Look(width=60), dt.UTC)
    assert max(map(len, text.split("\n"))) <= 60
    assert text.endswith(" …\n")


def test_the_list_as_json() -> None:
    """Times are in UTC; a question without a claim has null."""
    zone = dt.timezone(dt.timedelta(hours=-5))
    value = history_object([TURN, Turn(MORNING.astimezone(zone), "q", "q", None, "unanswerable")])
    assert value == {
        "turns": [
            {
                "asked": "2026-11-21T05:14:07.250+00:00", "question": "and the laptops?",
                "searched": "What is in the deal, and the laptops?", "language": "en", "status": "answered",
                "claim": "A claim.",
            },
            {
                "asked": "2026-11-21T05:14:07.250+00:00", "question": "q", "searched": "q", "language": None,
                "status": "unanswerable", "claim": None,
            },
        ]
    }  # fmt: skip
