"""The work of `gpt bench` in PyTorch, transformers, PEFT and CTranslate2: `python benchmark_peers.py`.

Prints for each row the median, its spread (half the distance of the quartiles), the rate and the peak memory, and
beside a row of ours the ratio of the rates, ours to the peer's: above 1, ours is faster. Ours come from a file that
`gpt bench --json FILE` wrote, by --ours FILE, or better from runs in turn with the peers', on a quiet machine:

    python benchmark_peers.py --rounds 3 --gpt target/gpt

Each measurement runs in a process of its own, as those of `gpt bench` do, is warmed up, repeated for --seconds, and
given up after --limit seconds. With several rounds, figures are medians of the rounds' medians, and ratios medians of
the ratios within a round. Weights are random, dropout is 0. Needs torch 2.7.1 and, for the rows that name them,
transformers, peft, ctranslate2 and, for torch.compile, a C++ compiler. It compiles for minutes, but once:
`--only torch.compile --limit 900`, before all else, leaves what later runs take.
"""
import argparse
import json
import multiprocessing
import os
import platform
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib import metadata
from pathlib import Path

import torch

from peers import jobs

OURS = "djl-gpt"
WARMUPS, REPETITIONS = 2, 5  # at least
LONGEST = 15  # seconds, after which no repetition begins
LINE = "{:<46} {:<13} {:>11} {:>7} {:>17} {:>9} {:>6}"


def repeated(run, least, seconds, longest):
    samples, begin = {}, time.perf_counter()
    while True:
        for phase, milliseconds in run().items():
            samples.setdefault(phase, []).extend(milliseconds)
        passed = time.perf_counter() - begin
        if passed >= longest or passed >= seconds and min(map(len, samples.values())) >= least:
            return samples


def peak_bytes():
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


def measured(peer, seconds):
    torch.manual_seed(0)
    samples = []
    for run in peer():
        repeated(run, WARMUPS, seconds / 3, LONGEST / 3)
        for phase, milliseconds in repeated(run, REPETITIONS, seconds, LONGEST).items():
            samples.append({"phase": phase, "milliseconds": milliseconds, "peak_bytes": peak_bytes()})
    return samples


def answer(sender, function, arguments):
    os.dup2(2, 1)  # what libraries print is no row
    try:
        sender.send({"samples": function(*arguments)})
    except Exception as failed:
        reason = str(failed).strip().splitlines() or [""]
        sender.send({"error": f"{type(failed).__name__}: {reason[0]}"})


def isolated(function, *arguments, limit):
    """Calls in a process of its own, which is given up after the limit."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=answer, args=(sender, function, arguments))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(limit) else {"error": f"too slow: > {limit:.0f} s"}
    except EOFError:
        process.join()
        return {"error": f"ended with exit code {process.exitcode}"}
    finally:
        process.kill()
        process.join()


def ours_by_command(command, row):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.json"
        ran = subprocess.run([*shlex.split(command), "bench", "--only", row, "--json", file], text=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if ran.returncode != 0:
            sys.exit(f"{command} bench --only '{row}' ended with exit code {ran.returncode}: {ran.stderr.strip()}")
        return ours_in_file(file)(row)


def ours_in_file(file):
    report = json.loads(file.read_text())
    if report["effort"] != "full":
        sys.exit(f"{file} is of gpt bench --quick, whose sizes are smaller; give one without --quick")
    rows = {f"{row['section']}: {row['row']}": row for row in report["rows"]}
    return lambda row: rows.get(row, {"error": f"not in {file}"})


def samples_of(phase, result):
    return next((samples for samples in result.get("samples", []) if samples["phase"] == phase), None)


def line(figure, name, results, ours):
    """A row of the table; results of the rounds, and ours of the same."""
    found = [samples_of(figure.phase, result) for result in results]
    medians = [statistics.median(samples["milliseconds"]) if samples else None for samples in found]
    known = [median for median in medians if median]
    if not known:
        return f"{figure.work:<46} {name:<13} failed: {results[0].get('error')}"
    everything = [value for samples in found if samples for value in samples["milliseconds"]]
    low, middle, high = statistics.quantiles(everything, n=4) if len(everything) > 1 else 3 * everything
    median = statistics.median(known)
    peak = max(samples["peak_bytes"] for samples in found if samples) / 2 ** 20
    ours = [samples_of(figure.phase, result) for result in ours]
    ratios = [peer / statistics.median(own["milliseconds"]) for peer, own in zip(medians, ours) if peer and own]
    return LINE.format(
        figure.work, name, f"{median:,.2f} ms", f"+-{50 * (high - low) / middle:.0f} %",
        f"{1e3 * figure.tokens / median:,.1f} tokens/s" if figure.tokens else "", f"{peak:,.0f}" if peak else "",
        f"{statistics.median(ratios):.2f}" if ratios and name != OURS else "")


def machine(threads):
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")] if Path("/proc/cpuinfo").exists() else [platform.machine()]
    libraries = ["torch", "transformers", "peft", "ctranslate2"]
    installed = {found.metadata["Name"].lower(): found.version for found in metadata.distributions()}
    return {"processor": names[0], "threads": threads, "load": os.getloadavg()[0],
            "software": ", ".join(f"{name} {installed.get(name, 'missing')}" for name in libraries)}


def selected(job, text):
    names = " ".join([job.row, *(figure.work for figure in job.figures)])
    return {name: peer for name, peer in job.peers.items() if text in f"{names} {name}"}


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--only", default="", metavar="TEXT", help="peers whose name, work or row of ours holds it")
    parser.add_argument("--seconds", type=float, default=3, help="of repeating each measurement (default: 3)")
    parser.add_argument("--limit", type=float, default=60, help="seconds of a process (default: 60)")
    parser.add_argument("--rounds", type=int, default=1, help="how often ours and the peers run in turn (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to this file, row by row")
    ours = parser.add_mutually_exclusive_group()
    ours.add_argument("--ours", type=Path, metavar="FILE", help="what gpt bench --json FILE wrote")
    ours.add_argument("--gpt", metavar="COMMAND", help="the gpt command, to run its rows in turn with the peers")
    return parser.parse_args()


def main():
    arguments = parsed()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and no process is left
    os.environ.update(OMP_NUM_THREADS=str(arguments.threads), TRANSFORMERS_VERBOSITY="error", HF_HUB_OFFLINE="1",
                      PYTHONWARNINGS="ignore")  # of every process from here on
    report = {"machine": machine(arguments.threads), "rows": []}
    print(*(f"{name}: {value}" for name, value in report["machine"].items()), "", sep="\n")
    print(LINE.format("work", "by", "median", "spread", "rate", "peak MiB", "ratio"), flush=True)
    ours = partial(ours_by_command, arguments.gpt) if arguments.gpt else None
    if arguments.ours:
        ours = ours_in_file(arguments.ours)
    with tempfile.TemporaryDirectory() as folder:
        for job in jobs(Path(folder)):
            programs = {name: partial(isolated, measured, peer, arguments.seconds, limit=arguments.limit)
                        for name, peer in selected(job, arguments.only).items()}
            if not programs:
                continue
            if ours:
                programs = {OURS: partial(ours, job.row), **programs}
            results = {name: [] for name in programs}
            for _ in range(arguments.rounds):
                for name, program in programs.items():
                    results[name].append(program())
            for figure in job.figures:
                for name, rounds in results.items():
                    print(line(figure, name, rounds, results.get(OURS, [])), flush=True)
            report["rows"] += [{"row": job.row, "by": name, "rounds": rounds} for name, rounds in results.items()]
            if arguments.json:
                arguments.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
