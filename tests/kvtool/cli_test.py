#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Long because one script drives one program, row by row of its contract.
#
# kvtool as a script sees it: what goes to stdout exactly and alone, one line on stderr, the exit code, and that nothing is
# lost. Standard library only.
#
#   KVTOOL=path/to/kvtool [KVTOOL_RUNNER="wine …"] cli_test.py [-v] [Case.test …]
#
# A test that cannot run here says why, and is counted.

import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

KVTOOL = os.path.abspath(os.environ.get("KVTOOL", "kvtool"))
RUNNER = shlex.split(os.environ.get("KVTOOL_RUNNER", ""))
WINDOWS = KVTOOL.endswith(".exe")

KEY_BYTES_MAX = 65_535
VALUE_BYTES_MAX = 32 << 20
FORMAT_VERSION_OFFSET = 16   # format-spec, chapter 1: the first word of `identity`
PAGE_BYTES = 4096


class Ran:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err.decode("utf-8", "replace").replace("\r\n", "\n")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kvtool-", dir=os.environ.get("QUIRE_TEST_DIR"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return name

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def command(self, words):
        return RUNNER + [KVTOOL] + list(words)

    # Names are relative: a Windows program and this script then mean the same file.
    def run_tool(self, *words, stdin=b"", preexec=None, folder=None):
        done = subprocess.run(self.command(words), input=stdin, capture_output=True, cwd=folder or self.folder,
                              preexec_fn=preexec, timeout=300)
        return Ran(done.returncode, done.stdout, done.stderr)

    def ok(self, *words, **how):
        ran = self.run_tool(*words, **how)
        self.assertEqual((ran.code, ran.err), (0, ""), words)
        return ran.out

    # Exactly one line that names the file, the class and a reason.
    def fails(self, code, file, error_class, *words, **how):
        ran = self.run_tool(*words, **how)
        self.assertEqual(ran.code, code, (words, ran.err))
        self.assertEqual(ran.err.count("\n"), 1, ran.err)
        self.assertRegex(ran.err, r"^kvtool: %s: %s: .+\n$" % (re.escape(file), error_class))
        return ran

    def usage(self, *words):
        ran = self.run_tool(*words)
        self.assertEqual((ran.code, ran.out), (2, b""), (words, ran.err))
        self.assertRegex(ran.err, r"^kvtool: usage: [^\n]+\n$")
        return ran.err

    def clean(self, store):
        self.assertRegex(self.ok("check", store).decode(), r"^clean: ")

    def load(self, store, text, *options):
        return self.run_tool("load", store, "--quiet", *options, stdin=text)


class Verbs(Case):
    def test_put_get_exists_erase(self):
        self.assertEqual(self.ok("put", "s", "key", "value"), b"")
        self.assertEqual(self.ok("get", "s", "key"), b"value")
        self.assertEqual(self.ok("exists", "s", "key"), b"")
        self.assertEqual(self.run_tool("exists", "s", "other").code, 1)
        self.assertEqual(self.run_tool("get", "s", "other").code, 1)
        self.assertEqual(self.ok("erase", "s", "key"), b"")
        self.assertEqual(self.run_tool("erase", "s", "key").code, 1)
        self.assertEqual(self.ok("count", "s"), b"0\n")
        self.clean("s")

    def test_negative_answers_are_silent(self):
        self.ok("create", "s")
        for words in (("get", "s", "k"), ("exists", "s", "k"), ("erase", "s", "k"), ("scan", "s")):
            ran = self.run_tool(*words)
            self.assertEqual((ran.code, ran.out, ran.err), (1, b"", ""), words)

    def test_several_keys(self):
        self.load("s", b"a\t1\nb\t2\nc\t3\n")
        self.assertEqual(self.ok("get", "s", "a", "c"), b"1\n3\n")
        self.assertEqual(self.ok("get", "s", "a", "c", "--null"), b"1\x003\x00")
        ran = self.run_tool("get", "s", "a", "x", "b")
        self.assertEqual((ran.code, ran.out, ran.err), (1, b"1\n2\n", "kvtool: s: absent: x\n"))
        ran = self.run_tool("get", "s", "a", "x", "--json", "-q")
        self.assertEqual((ran.code, ran.err), (1, ""))
        self.assertEqual([json.loads(line) for line in ran.out.splitlines()],
                         [{"key": "a", "value": "1"}, {"key": "x", "value": None}])
        self.assertEqual(self.run_tool("erase", "s", "a", "x", "b").code, 1)
        self.assertEqual(self.ok("count", "s"), b"1\n")

    # CLI11 gives some of these a meaning where it converts them; a verb's name must not end the keys.
    def test_any_word_is_a_key_and_a_value(self):
        words = ["", "{}", "[a,b]", "a,b", "%%", '"q"', "`x`", "'", "put", "get", "++", "@@at", "/etc", "a b", "grün €",
                 "*", "\\n", "a=b", "=", "1e3", "true"]
        for word in words:
            self.ok("put", "s", word, word)
        for word in words:
            meant = word.replace("@@", "@").encode()
            self.assertEqual(self.ok("get", "s", word), meant, word)
        self.ok("put", "s", "--", "-x", "--hex")
        self.assertEqual(self.ok("get", "s", "--", "-x"), b"--hex")
        self.ok("put", "s", "-7", "-8")
        self.assertEqual(self.ok("get", "s", "-7"), b"-8")
        self.assertEqual(self.ok("count", "s"), b"%d\n" % (len(words) + 2))

    def test_bytes_from_stdin_file_and_hex(self):
        odd = bytes(range(256)) + b"\r\n\x1a"
        self.write("odd", odd)
        self.ok("put", "s", "in", "-", stdin=odd)
        self.ok("put", "s", "file", "@odd")
        self.ok("put", "s", "6b", odd.hex(), "--hex")
        for key in ("in", "file", "k"):
            self.assertEqual(self.ok("get", "s", key), odd, key)
        self.assertEqual(self.ok("get", "s", "--hex", "6b"), odd.hex().encode())
        self.ok("put", "s", "@odd", "by its bytes")
        self.assertEqual(self.ok("get", "s", "-", stdin=odd), b"by its bytes")
        self.assertIn("once", self.usage("put", "s", "-", "-"))
        self.assertIn("hex", self.usage("put", "s", "--hex", "abc", "00"))
        self.fails(3, "nowhere", "not_found", "put", "s", "k", "@nowhere")

    def test_scan(self):
        self.load("s", b"apple\t1\nap\\tricot\t2\\n\ngrape\t\\xff\n")
        lines = set(self.ok("scan", "s").splitlines())
        self.assertEqual(lines, {b"apple\t1", b"ap\\tricot\t2\\n", b"grape\t\\xff"})
        self.assertEqual(set(self.ok("scan", "s", "--keys", "--prefix", "ap").splitlines()), {b"apple", b"ap\\tricot"})
        self.assertEqual(self.ok("scan", "s", "--match", "g*", "--values"), b"\\xff\n")
        self.assertEqual(self.ok("scan", "s", "--match", "*[e]", "--prefix", "a"), b"apple\t1\n")
        self.assertEqual(self.ok("scan", "s", "--hex", "--match", "grape"), b"6772617065\tff\n")
        self.assertEqual(self.ok("scan", "s", "--match", "ap?ricot", "-0"), b"ap\tricot\x002\n\x00")
        self.assertEqual([json.loads(line) for line in self.ok("scan", "s", "--json", "--prefix", "g").splitlines()],
                         [{"key": "grape", "value": {"hex": "ff"}}])
        self.assertEqual(self.run_tool("scan", "s", "--prefix", "x").code, 1)
        self.usage("scan", "s", "--keys", "--values")

    def test_scan_goes_on_where_it_stopped(self):
        keys = [b"key%d" % i for i in range(10_000)]
        self.load("s", b"".join(key + b"\tv\n" for key in keys))
        seen, where = [], []
        while True:
            ran = self.run_tool("scan", "s", "--keys", "--limit", "3000", *where)
            if ran.code == 1:
                break
            self.assertEqual(ran.code, 0)
            seen += ran.out.splitlines()
            more = re.search(r"--from (\d+)\n$", ran.err)
            if not more:
                break
            where = ["--from", more.group(1)]
        self.assertEqual(sorted(seen), sorted(keys))
        self.assertEqual(sorted(self.ok("scan", "s", "--keys").splitlines()), sorted(keys))

    def test_count_digest_stat(self):
        self.load("a", b"x\t1\ny\t2\n")
        self.load("b", b"y\t2\nx\t0\nx\t1\n")
        digest = self.ok("digest", "a")
        self.assertRegex(digest, rb"^[0-9a-f]{32}\n$")
        self.assertEqual(digest, self.ok("digest", "b"))
        self.assertEqual(json.loads(self.ok("digest", "b", "--json")), {"digest": digest.decode().strip()})
        self.assertEqual(json.loads(self.ok("count", "b", "--json")), {"records": 2})
        lines = [line.split(": ", 1) for line in self.ok("stat", "a").decode().splitlines()]
        figures = dict(lines)
        self.assertEqual(figures["records"], "2")
        self.assertEqual(figures["live_bytes"], "4")
        self.assertEqual(figures["recovery"], "0 B of log to replay")
        self.assertEqual([name for name, _ in lines],
                         ["file", "records", "live_bytes", "file_bytes", "space_factor", "index_bytes", "reusable_bytes",
                          "held_bytes", "lsn", "durable_lsn", "recovery", "processes", "pins", "oldest_pin", "snapshots",
                          "digest"])
        as_json = json.loads(self.ok("stat", "a", "--json"))
        self.assertEqual(list(as_json), [name for name, _ in lines])
        self.assertEqual(as_json["records"], 2)

    def test_create_checkpoint_durable(self):
        self.ok("create", "s", "--durable")
        self.ok("put", "s", "k", "v", "--durable")
        self.ok("checkpoint", "s")
        self.assertEqual(self.ok("get", "s", "k", "--read-only"), b"v")
        self.clean("s")

    def test_reading_never_makes_a_file(self):
        for words in (("get", "s", "k"), ("exists", "s", "k"), ("erase", "s", "k"), ("scan", "s"), ("count", "s"),
                      ("digest", "s"), ("dump", "s"), ("stat", "s"), ("check", "s"), ("checkpoint", "s"),
                      ("put", "s", "k", "v", "--no-create"), ("load", "s", "--no-create"), ("put", "s", "k", "v", "-r")):
            self.fails(3, "s", "not_found", *words, stdin=b"k\tv\n")
        self.assertEqual(os.listdir(self.folder), [])

    def test_nothing_is_left_beside_the_store(self):
        self.ok("put", "s", "k", "v")
        self.assertIn(sorted(os.listdir(self.folder)), (["s"], ["s", "s-run"]))

    def test_version_and_help(self):
        self.assertRegex(self.ok("version").decode(), r"^kvtool \d+\.\d+\.\d+, format \d+, (linux|windows) \w+\n$")
        self.assertEqual(self.ok("version"), self.ok("--version"))
        self.assertEqual(set(json.loads(self.ok("version", "--json"))), {"release", "format", "system"})
        overview = self.ok("help").decode()
        self.assertEqual(overview, self.ok("--help").decode())
        for verb in ("create", "put", "get", "exists", "erase", "scan", "count", "load", "dump", "stat", "check",
                     "checkpoint", "digest", "version", "help"):
            self.assertIn("\n  " + verb + " ", overview)
            self.assertIn("kvtool " + verb, self.ok("help", verb).decode())
            self.assertEqual(self.ok("help", verb), self.ok(verb, "--help"))

    def test_unknown_verbs_suggest(self):
        for word, verb in (("set", "put"), ("del", "erase"), ("rm", "erase"), ("list", "scan"), ("keys", "scan"),
                           ("info", "stat"), ("verify", "check"), ("copy", "dump"), ("gett", "get")):
            self.assertIn("no verb '%s'; did you mean %s" % (word, verb), self.usage(word, "s"))
        self.assertIn("kvtool help", self.usage("frobnicate"))
        self.assertIn("kvtool help", self.usage())

    def test_wrong_usage(self):
        self.ok("create", "s")
        for words in (("get",), ("get", "s"), ("put", "s", "k"), ("put", "s", "k", "v", "w"), ("count", "s", "--frob"),
                      ("count", "s", "--wait", "soon"), ("scan", "s", "--limit", "0"), ("scan", "s", "--limit"),
                      ("dump", "s", "--format", "xml"), ("dump", "s", "--compat", "sql"), ("load", "s", "--batch", "0"),
                      ("dump", "s", "--format", "tsv", "--compat", "lmdb"), ("load", "s", "--format", "xml"),
                      ("load", "s", "s"), ("dump", "s", "-o", "s"), ("create", "t", "-r"), ("help", "set")):
            self.usage(*words)
        self.assertEqual(self.ok("count", "s"), b"0\n")
        self.assertFalse(os.path.exists(self.path("t")))

    def test_odd_file_names(self):
        for name in ("grün €.quire", "with space", "-dash"):
            self.ok("put", "--", name, "k", "v")
            self.assertEqual(self.ok("get", "--", name, "k"), b"v")
            self.assertTrue(os.path.exists(self.path(name)), name)


class Texts(Case):
    def records(self, seed, count):
        chance = random.Random(seed)
        keys = set()
        while len(keys) < count:
            keys.add(chance.randbytes(chance.choice((1, 2, 5, 30))))
        records = {key: chance.randbytes(chance.choice((0, 1, 10, 300))) for key in keys}
        records[b"text"] = "grün\t€\r\n\\x00 {}\"".encode()
        records[b"long"] = chance.randbytes(1_000_000)
        return records

    def bytevalue(self, records):
        return (b"VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n" +
                b"".join(b" %s\n %s\n" % (k.hex().encode(), v.hex().encode()) for k, v in records.items()) + b"DATA=END\n")

    def test_every_format_goes_round(self):
        for seed in range(3):
            store = "s%d" % seed
            records = self.records(seed, 400)
            self.assertEqual(self.load(store, self.bytevalue(records)).code, 0)
            digest = self.ok("digest", store)
            self.assertEqual(self.ok("count", store), b"%d\n" % len(records))
            self.assertEqual(self.ok("get", store, "long"), records[b"long"])
            for form in (["--format", "bdb"], ["-p"], ["--format", "print"], ["--format", "tsv"], ["--format", "jsonl"],
                         ["--json", "--hex"], ["--compat", "lmdb"], []):
                text = self.ok("dump", store, *form)
                copy = "copy%d%s" % (seed, "".join(form))
                loaded = self.load(copy, text)
                self.assertEqual((loaded.code, loaded.err), (0, ""), form)
                self.assertEqual(self.ok("digest", copy), digest, form)
            self.assertEqual(set(self.ok("dump", store).split(b"HEADER=END\n")[1].split(b"\n")),
                             set(self.bytevalue(records).split(b"HEADER=END\n")[1].split(b"\n")))

    def test_into_a_file_and_from_it(self):
        self.load("s", b"a\t1\n")
        self.assertEqual(self.ok("dump", "s", "-o", "out"), b"")
        self.assertEqual(self.read("out"), self.ok("dump", "s"))
        ran = self.run_tool("load", "t", "out")
        self.assertEqual((ran.code, ran.out), (0, b""))
        self.assertRegex(ran.err, r"^1 records, 2 B in [\d.]+ s · file [\d.]+ \w+ · digest [0-9a-f]{8}…[0-9a-f]{6}\n$")
        self.fails(3, "nowhere", "not_found", "load", "u", "nowhere")
        self.assertFalse(os.path.exists(self.path("u")))
        self.fails(3, "no/where", "not_found", "dump", "s", "-o", "no/where")

    def test_other_tools_load_our_dump(self):
        records = {k: v for k, v in self.records(7, 300).items() if len(k) <= 500}
        self.load("s", self.bytevalue(records))
        digest = self.ok("digest", "s")
        tools = [(["db5.3_load", "out.db"], ["db5.3_dump", "out.db"], []),
                 (["mdb_load", "-n", "out.mdb"], ["mdb_dump", "-n", "out.mdb"], ["--compat", "lmdb"])]
        ran_one = False
        for loader, dumper, compat in tools:
            if not shutil.which(loader[0]) or not shutil.which(dumper[0]):
                print("SKIPPED: %s is not installed" % loader[0], file=sys.stderr)
                continue
            ran_one = True
            for form in ([], ["-p"]):
                for name in ("out.db", "out.mdb"):
                    if os.path.exists(self.path(name)):
                        os.remove(self.path(name))
                text = self.ok("dump", "s", *form, *compat)
                loaded = subprocess.run(loader, input=text, cwd=self.folder, capture_output=True, check=False)
                self.assertEqual((loaded.returncode, loaded.stderr), (0, b""), (loader, form))
                # Only bytevalue comes back: mdb_dump -p 0.9.24 leaves a backslash as it is.
                back = subprocess.run(dumper, cwd=self.folder, capture_output=True, check=True).stdout
                copy = "back%s%s" % (loader[0], "".join(form))
                self.assertEqual(self.load(copy, back).code, 0)
                self.assertEqual(self.ok("digest", copy), digest, (loader, form))
        if not ran_one:
            self.skipTest("neither db5.3-util nor lmdb-utils is installed")

    def test_lmdb_is_warned_of_keys_it_refuses(self):
        self.load("s", b"\tempty\n" + b"k" * 512 + b"\tlong\nfine\t1\n")
        ran = self.run_tool("dump", "s", "--compat", "lmdb")
        self.assertEqual((ran.code, ran.err.count("\n")), (0, 1))
        self.assertIn("2 keys", ran.err)

    def test_no_overwrite(self):
        self.load("s", b"a\told\n")
        ran = self.run_tool("load", "s", "--no-overwrite", stdin=b"a\tnew\nb\t1\nb\t2\n")
        self.assertEqual(ran.code, 0)
        self.assertIn("2 were there already", ran.err)
        self.assertEqual(self.ok("get", "s", "a", "b"), b"old\n1\n")
        self.load("s", b"a\tnew\nb\t1\nb\t2\n")
        self.assertEqual(self.ok("get", "s", "a", "b"), b"new\n2\n")

    def test_acks(self):
        text = b"".join(b"k%d\tv\n" % i for i in range(25))
        for batch, acks in ((1, range(1, 26)), (10, (10, 20, 25)), (1000, (25,))):
            ran = self.run_tool("load", "s%d" % batch, "--acks", "--quiet", "--batch", str(batch), stdin=text)
            self.assertEqual((ran.code, ran.err), (0, ""))
            self.assertEqual([int(line) for line in ran.out.splitlines()], list(acks))

    def test_an_acknowledgement_comes_at_once(self):
        with subprocess.Popen(self.command(["load", "s", "--acks", "--batch", "1"]), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.folder) as loading:
            # Input is read in pieces of 64 KiB: more than that must be on its way before the first record is seen.
            loading.stdin.write(b"".join(b"k%d\t%s\n" % (i, b"v" * 1000) for i in range(200)))
            loading.stdin.flush()
            self.assertEqual(loading.stdout.readline(), b"1\n")
            loading.stdin.close()
            self.assertEqual(loading.stdout.read().splitlines()[-1], b"200")

    def test_a_killed_load_keeps_what_it_acknowledged(self):
        count = 20_000
        text = b"".join(b"k%d\tv%d\n" % (i, i) for i in range(1, count + 1))
        self.write("in.tsv", text)
        loading = subprocess.Popen(self.command(["load", "s", "in.tsv", "--acks", "--batch", "1"]), cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        last = 0
        while last < 500:
            last = int(loading.stdout.readline())
        loading.kill()
        rest = loading.stdout.read()
        loading.wait()
        complete = rest[:rest.rfind(b"\n") + 1].splitlines()
        last = int(complete[-1]) if complete else last
        if last == count:
            self.skipTest("the load had ended before it was killed")
        kept = dict(line.split(b"\t") for line in self.ok("scan", "s", "--wait", "20000").splitlines())
        self.assertGreaterEqual(len(kept), last)
        for i in range(1, last + 1):
            self.assertEqual(kept.get(b"k%d" % i), b"v%d" % i)
        self.clean("s")

    def test_a_malformed_line_is_named_and_everything_before_is_in(self):
        head = b"VERSION=3\nformat=print\ntype=hash\nHEADER=END\n"
        for name, text, line, stored in (
                ("tsv", b"a\t1\nb\t2\nno tab\nc\t3\n", 3, b"2\n"),
                ("escape", b"a\t1\nb\t\\q\n", 2, b"1\n"),
                ("print", head + b" a\n 1\n b\n \\zz\n c\n 3\nDATA=END\n", 8, b"1\n"),
                ("hex", head.replace(b"print", b"bytevalue") + b" 61\n 31\n 6\n 32\nDATA=END\n", 7, b"1\n"),
                ("end", head + b" a\n 1\n", 6, b"1\n"),
                ("half", head + b" a\n 1\n b\nDATA=END\n", 8, b"1\n"),
                ("jsonl", b'{"key": "a", "value": "1"}\n{"key": "b"}\n', 2, b"1\n")):
            for batch in ("1", "1000"):
                store = name + batch
                ran = self.fails(2, name + ".txt", "malformed", "load", store, self.write(name + ".txt", text), "-q",
                                 "--batch", batch)
                self.assertIn("line %d;" % line, ran.err)
                self.assertEqual(self.ok("count", store), stored, name)
                self.clean(store)
        self.fails(2, "standard input", "malformed", "load", "x", stdin=b"no tab\n")
        self.assertFalse(os.path.exists(self.path("x")), "a text that is none leaves no store behind")

    def test_rescue_takes_what_there_is(self):
        text = b"VERSION=3\nformat=print\ntype=hash\nHEADER=END\n a\n 1\n b\n \\zz\n c\n 3\n"
        ran = self.run_tool("load", "s", "--rescue", "-q", stdin=text)
        self.assertEqual(ran.code, 4)
        self.assertEqual(re.findall(r"line (\d+)", ran.err), ["8", "10"])
        self.assertEqual(sorted(self.ok("scan", "s").splitlines()), [b"a\t1", b"c\t3"])
        self.assertEqual(self.run_tool("load", "s", "--rescue", "-q", stdin=b"a\t1\n").code, 0)

    def test_an_empty_text(self):
        self.assertEqual(self.load("s", b"").code, 0)
        self.assertEqual(self.ok("count", "s"), b"0\n")
        self.assertEqual(self.ok("dump", "s"), b"VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\nDATA=END\n")

    def test_a_closed_pipe_ends_it_quietly(self):
        self.load("s", b"".join(b"key%d\t%s\n" % (i, b"v" * 500) for i in range(5000)))
        for words in (["scan", "s"], ["dump", "s"], ["dump", "s", "--format", "tsv"]):
            reading = subprocess.Popen(self.command(words), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            reading.stdout.read(10)
            reading.stdout.close()
            self.assertEqual(reading.stderr.read(), b"")
            self.assertEqual(reading.wait(), 0)
            reading.stderr.close()
        self.clean("s")


class BadInput(Case):
    READING = (("get", "k"), ("scan",), ("count",), ("digest",), ("stat",), ("dump",), ("check",))
    WRITING = (("put", "k", "v"), ("erase", "k"), ("load",), ("checkpoint",))

    # All verbs give the same answer, and none changes a byte.
    def every_verb_fails(self, code, file, error_class, verbs=READING + WRITING):
        before = self.read(file) if os.path.isfile(self.path(file)) else None
        for verb, *rest in verbs:
            self.fails(code, file, error_class, verb, file, *rest, stdin=b"k\tv\n")
        if before is not None:
            self.assertEqual(self.read(file), before)

    def store(self, name="s", count=2000):
        self.assertEqual(self.load(name, b"".join(b"key%d\tvalue%d\n" % (i, i) for i in range(count))).code, 0)
        return name

    def changed(self, name, offset, content):
        with open(self.path(name), "r+b") as file:
            file.seek(offset)
            file.write(content)

    def test_wrong_magic(self):
        self.every_verb_fails(7, self.write("text", b"not a store\n" * 5000), "not_a_store")
        self.every_verb_fails(7, self.write("short", b"x"), "not_a_store")
        self.every_verb_fails(7, self.write("empty", b""), "not_a_store")

    def test_a_directory(self):
        os.mkdir(self.path("folder"))
        self.every_verb_fails(7, "folder", "not_a_store")

    def test_a_newer_version(self):
        self.changed(self.store(), FORMAT_VERSION_OFFSET, struct.pack("<I", 99))
        self.every_verb_fails(7, "s", "unsupported_format")

    def test_a_truncated_file(self):
        size = os.path.getsize(self.path(self.store()))
        os.truncate(self.path("s"), size // 2)
        self.every_verb_fails(4, "s", "truncated")

    def test_no_such_file(self):
        self.every_verb_fails(3, "nowhere", "not_found", self.READING + (("erase", "k"), ("checkpoint",)))
        self.fails(3, "no/where", "not_found", "create", "no/where")

    def test_it_exists(self):
        self.store()
        before = self.ok("digest", "s")
        self.fails(3, "s", "already_exists", "create", "s")
        self.assertEqual(self.ok("digest", "s"), before)

    def test_read_only(self):
        self.store()
        before = self.read("s")
        for words in (("put", "s", "k", "v"), ("erase", "s", "key1"), ("checkpoint", "s"), ("load", "s")):
            self.fails(2, "s", "read_only", *words, "-r", stdin=b"k\tv\n")
        self.assertEqual(self.ok("get", "s", "key1", "-r"), b"value1")
        self.assertEqual(self.read("s"), before)

    def test_no_permission(self):
        if WINDOWS:
            self.skipTest("the files of a Unix host have no Windows permissions")
        self.store()
        as_nobody = None
        if os.geteuid() == 0:
            os.chmod(self.folder, 0o755)

            def as_nobody():
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            if subprocess.run(self.command(["version"]), preexec_fn=as_nobody, capture_output=True,
                              cwd=self.folder).returncode != 0:
                self.skipTest("user nobody may not run %s" % KVTOOL)
        os.chmod(self.path("s"), 0)
        for verb, *rest in self.READING + self.WRITING:
            self.fails(3, "s", "access_denied", verb, "s", *rest, stdin=b"k\tv\n", preexec=as_nobody)
        # May read, may not write: reading verbs do without.
        os.chmod(self.path("s"), 0o444)
        ran = self.run_tool("get", "s", "key1", preexec=as_nobody)
        self.assertEqual((ran.code, ran.out, ran.err), (0, b"value1", ""))
        self.fails(3, "s", "access_denied", "put", "s", "k", "v", preexec=as_nobody)
        if as_nobody:
            self.fails(3, "new", "access_denied", "put", "new", "k", "v", preexec=as_nobody)
        os.chmod(self.path("s"), 0o644)
        self.clean("s")

    def test_too_large(self):
        self.store()
        self.write("key", b"k" * (KEY_BYTES_MAX + 1))
        self.write("value", b"v" * (VALUE_BYTES_MAX + 1))
        self.fails(6, "s", "key_too_large", "put", "s", "@key", "v")
        self.fails(6, "s", "value_too_large", "put", "s", "k", "@value")
        self.fails(6, "s", "value_too_large", "put", "s", "k", "-", stdin=b"v" * (VALUE_BYTES_MAX + 9_000_000))
        long_key = b"a\t1\nb\t2\n" + b"k" * (KEY_BYTES_MAX + 1) + b"\tv\nc\t3\n"
        ran = self.fails(6, "s", "key_too_large", "load", "s", "-q", stdin=long_key)
        self.assertIn("line 3", ran.err)
        self.assertEqual(self.ok("get", "s", "a", "b"), b"1\n2\n")
        self.assertEqual(self.run_tool("exists", "s", "c").code, 1)
        self.assertEqual(self.ok("count", "s"), b"2002\n")
        self.clean("s")

    def test_as_large_as_it_gets(self):
        self.write("key", b"k" * KEY_BYTES_MAX)
        self.write("value", bytes(range(256)) * (VALUE_BYTES_MAX // 256))
        self.ok("put", "s", "@key", "@value")
        self.assertEqual(self.ok("get", "s", "@key"), self.read("value"))
        for form in ("bdb", "tsv"):
            self.ok("dump", "s", "--format", form, "-o", form)
            # More than a batch may hold, however many records it may have.
            self.assertEqual(self.run_tool("load", form + ".quire", form, "-q").code, 0)
            self.assertEqual(self.ok("digest", form + ".quire"), self.ok("digest", "s"))

    def test_a_batch_over_its_limit_is_split(self):
        text = b"".join(b"k%d\t%s\n" % (i, b"v" * (12 << 20)) for i in range(6))
        self.assertEqual(self.load("s", text).code, 0)
        self.assertEqual(self.ok("count", "s"), b"6\n")

    # A value larger than all the space there is comes after some that fit.
    def fill(self, folder, preexec=None):
        text = b"".join(b"key%d\t%s\n" % (i, b"v" * 100_000) for i in range(600))
        ran = self.run_tool("load", "s", "--acks", "--quiet", "--batch", "1", stdin=text, folder=folder, preexec=preexec)
        self.assertEqual(ran.code, 6, ran.err)
        self.assertRegex(ran.err, r"^kvtool: s: full: [^\n]+\n$")
        return int(ran.out.splitlines()[-1]) if ran.out else 0

    def test_a_full_disk(self):
        disk = self.path("disk")
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "quire-test", disk], capture_output=True).returncode != 0:
            self.skipTest("cannot mount a small tmpfs here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], capture_output=True)
        acknowledged = self.fill(disk)
        self.assertGreater(acknowledged, 0)
        self.assertEqual(self.ok("get", "s", "key0", folder=disk), b"v" * 100_000)
        self.assertRegex(self.ok("check", "s", folder=disk).decode(), r"^clean: ")
        self.assertGreaterEqual(int(self.ok("count", "s", folder=disk)), acknowledged)
        self.fails(6, "dump", "full", "dump", "s", "-o", "dump", folder=disk)
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        self.ok("put", "s", "more", "fits", folder=disk)
        self.assertRegex(self.ok("check", "s", folder=disk).decode(), r"^clean: ")

    def test_a_file_size_limit(self):
        if WINDOWS:
            self.skipTest("a limit of the Unix host would meet Wine, too")
        limit = 24 << 20
        acknowledged = self.fill(self.folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertGreater(acknowledged, 0)
        self.assertGreaterEqual(int(self.ok("count", "s")), acknowledged)
        self.clean("s")

    def test_output_that_cannot_be_written(self):
        if WINDOWS or not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        self.store()
        for words in (("get", "s", "key1"), ("scan", "s"), ("dump", "s"), ("stat", "s"), ("help",)):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(self.command(words), stdout=full, stderr=subprocess.PIPE, cwd=self.folder)
            self.assertEqual(done.returncode, 6, words)
            self.assertRegex(done.stderr.decode(), r"^kvtool: standard output: full: [^\n]+\n$")
        self.fails(3, "folder", "io", "load", "t", os.mkdir(self.path("folder")) or "folder")

    # Each flipped byte is either of no consequence or an error that says where; never a wrong value.
    def test_damage(self):
        self.store(count=300)
        self.ok("checkpoint", "s")
        whole = self.read("s")
        true_value = {b"key%d" % i: b"value%d" % i for i in range(300)}
        chance = random.Random(2)
        at = whole.find(b"value7")
        found = 0
        for offset in [at, at + 3] + [chance.randrange(PAGE_BYTES, min(len(whole), 1 << 20)) for _ in range(6 if WINDOWS else 30)]:
            if os.path.exists(self.path("s-run")):
                os.remove(self.path("s-run"))
            self.write("s", whole)
            self.changed("s", offset, bytes([whole[offset] ^ 0xFF]))
            ran = self.run_tool("dump", "s", "--format", "tsv")
            for line in ran.out.splitlines():
                key, value = line.split(b"\t")
                self.assertEqual(true_value[key], value, offset)
            if ran.code == 0:
                self.assertEqual(len(ran.out.splitlines()), 300, offset)
                continue
            found += 1
            self.assertEqual(ran.code, 4, (offset, ran.err))
            bdb = self.run_tool("dump", "s")
            self.assertEqual(bdb.code, 4)
            self.assertNotIn(b"DATA=END", bdb.out)
            check = self.run_tool("check", "s")
            self.assertEqual(check.code, 4, (offset, check.out, check.err))
        self.assertGreaterEqual(found, 2)

    def test_damage_to_one_record_costs_that_record(self):
        self.store(count=300)
        self.ok("checkpoint", "s")
        whole = self.read("s")
        places = [m.start() for m in re.finditer(rb"value77(?!\d)", whole)]
        for place in places:
            self.changed("s", place, b"VALUE")
        self.fails(4, "s", "corrupt", "get", "s", "key77")
        ran = self.run_tool("get", "s", "key76", "key77", "key78")
        self.assertEqual((ran.code, ran.out), (4, b"value76\nvalue78\n"))
        ran = self.run_tool("scan", "s", "--keys")
        self.assertEqual((ran.code, len(ran.out.splitlines())), (4, 299))
        self.assertRegex(ran.err, r"^kvtool: s: corrupt: [^\n]+\n$")
        ran = self.run_tool("check", "s")
        self.assertEqual(ran.code, 4)
        self.assertRegex(ran.out.decode(), r"(?m)^\d+: .+$")
        self.assertRegex(ran.out.decode().splitlines()[-1], r"^damaged: ")
        findings = [json.loads(line) for line in self.run_tool("check", "s", "--json").out.splitlines()]
        self.assertFalse(findings[-1]["clean"])
        self.assertEqual(findings[0]["errc"], 57)
        copied = self.run_tool("load", "copy", "-q", "--rescue", stdin=self.run_tool("dump", "s").out)
        self.assertEqual(copied.code, 4)
        self.assertEqual(self.ok("count", "copy"), b"299\n")

    # Another process holds the writer's turn, stopped in the middle of it.
    def test_a_held_lock(self):
        if WINDOWS:
            self.skipTest("a Wine process stopped by the host stops its wineserver's clients, too")
        self.store()
        for _ in range(60):
            writer = subprocess.Popen(self.command(["load", "s", "--acks", "--batch", "1"]), stdin=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
            feeder = os.fork()
            if feeder == 0:
                try:
                    line = b"held\t%s\n" % (b"v" * 30_000)
                    while True:
                        writer.stdin.write(line)
                except BaseException:
                    pass
                os._exit(0)
            writer.stdin.close()
            try:
                time.sleep(random.uniform(0.02, 0.1))
                os.kill(writer.pid, signal.SIGSTOP)
                began = time.monotonic()
                ran = self.run_tool("put", "s", "k", "v", "--wait", "200")
                took = time.monotonic() - began
                if ran.code == 5:
                    self.assertRegex(ran.err, r"^kvtool: s: busy: [^\n]*waited [^\n]+\n$")
                    if "pid" in ran.err:
                        self.assertIn(str(writer.pid), ran.err)
                    self.assertLess(took, 5)
                    at_once = self.run_tool("put", "s", "k", "v", "--wait", "0")
                    self.assertEqual(at_once.code, 5)
                    # Readers do not wait for a writer.
                    self.assertEqual(self.ok("get", "s", "key1"), b"value1")
                    return
                self.assertEqual(ran.code, 0, ran.err)
            finally:
                os.kill(writer.pid, signal.SIGKILL)
                writer.wait()
                os.kill(feeder, signal.SIGKILL)
                os.waitpid(feeder, 0)
        self.skipTest("never stopped a writer within its turn")


class Loud(unittest.TextTestResult):
    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print("SKIPPED: %s: %s" % (test.id(), reason), file=sys.stderr)


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(resultclass=Loud, verbosity=1))
