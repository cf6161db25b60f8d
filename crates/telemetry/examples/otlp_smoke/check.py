"""What receivers of OTLP get of a program that traces, and what the program does when they are not well.

`check.py <program>`, with the packages of `requirements.txt`; the program is the example `otlp_smoke`. It exits with 1 and says
what is wrong at the first difference. Nothing is measured against a clock but the bounds that the program itself gives.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
# Of the first request, and of each one that follows.
FIRST_SPANS, SPANS = 5, 5
RECORDS = 2
# The program's requests take microseconds. Waiting for a receiver would take its timeout, a second.
WAITED_US = 500_000
# Two thousand spans and what it takes to send them.
PEAK_KIB = 64 * 1024


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Receiver:
    """One of `receiver.py`, which can be started again on its port."""

    def __init__(self, protocol, folder, tls=()):
        self.protocol, self.port, self.file = protocol, free_port(), Path(folder) / f"{protocol}.jsonl"
        # The files of a key and of a certificate.
        self.tls = tls

    def start(self):
        command = [sys.executable, HERE / "receiver.py", self.protocol, str(self.port), self.file, *self.tls]
        # gRPC's library tells of every handshake that fails.
        environment = os.environ | {"GRPC_VERBOSITY": "NONE"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout.readline() == "ready\n", "the receiver does not start"
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def lines(self, signal_name):
        text = self.file.read_text() if self.file.exists() else ""
        # The last line can be half written.
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in lines if line["signal"] == signal_name]

    def wait_for_spans(self, count):
        wait(lambda: len(self.lines("span")) >= count, f"{count} spans")


class Program:
    """The example, running."""

    def __init__(self, path, protocol, port, scheme="http", **environment):
        environment = os.environ | {"TRACEPARENT": f"00-{TRACE}-{SPAN}-01"} | environment
        command = [path, protocol, f"{scheme}://127.0.0.1:{port}"]
        self.log = tempfile.TemporaryFile("w+")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.log, text=True, env=environment)

    def finish(self):
        """Its result, and the lines of its log."""
        out, _ = self.process.communicate()
        equal(self.process.returncode, 0, "exit code")
        self.log.seek(0)
        return json.loads(out), [json.loads(line) for line in self.log]

    def wait_for_line(self, text, times=1):
        wait(lambda: os.pread(self.log.fileno(), 1 << 20, 0).decode().count(text) >= times, text)


def wait(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"no sign of: {what}"
        time.sleep(0.02)


def equal(found, expected, what):
    assert found == expected, f"{what}: {found!r} instead of {expected!r}"


def check_first_request(receiver):
    spans = [span for span in receiver.lines("span") if span["trace_id"] == TRACE]
    equal(len(spans), FIRST_SPANS, "spans of the first trace")
    by_name = {span["name"]: span for span in spans}
    request, parse, inference, task, callback = (
        by_name[name] for name in ("POST /predict_async", "parse", "inference", "task", "POST")
    )
    for span, parent in [
        (request, SPAN),
        (parse, request["span_id"]),
        (inference, request["span_id"]),
        (task, request["span_id"]),
        (callback, task["span_id"]),
    ]:
        equal(span["parent_span_id"], parent, f"parent of {span['name']}")
    equal(len({span["span_id"] for span in spans}), FIRST_SPANS, "different spans")
    for span, kind in [
        (request, "SPAN_KIND_SERVER"),
        (parse, "SPAN_KIND_INTERNAL"),
        (inference, "SPAN_KIND_INTERNAL"),
        (task, "SPAN_KIND_CONSUMER"),
        (callback, "SPAN_KIND_CLIENT"),
    ]:
        equal(span["kind"], kind, f"kind of {span['name']}")
    base = int(request["start_time_unix_nano"])
    assert abs(base / 1e9 - time.time()) < 600, "the time is another day's"
    millis = lambda span: [(int(span[f"{end}_time_unix_nano"]) - base) / 1e6 for end in ("start", "end")]
    equal([millis(span) for span in (request, parse, inference)], [[0, 5], [1, 2], [2, 4]], "times")
    # Each of these has looked at the wall's clock for itself.
    for span, (begin, end) in [(task, (10, 20)), (callback, (12, 19))]:
        found = millis(span)
        equal(round(found[1] - found[0], 3), end - begin, f"duration of {span['name']}")
        assert found[0] > 5, f"{span['name']} begins before the request ends, after {found[0]} ms of it"
    equal(parse["attributes"], {"ferrocast.rows": 3}, "attributes")
    equal(inference["attributes"], {"ratio": 0.5, "ferrocast.cache.hit": False}, "attributes")
    equal(request["attributes"], {"http.request.method": "POST", "http.route": "/predict_async",
                                  "http.response.status_code": 202}, "attributes")
    equal([span.get("trace_state") for span in (request, parse, task)], ["vendor=value", "vendor=value", None], "state")
    equal(callback["status"], {"message": "the receiver answers 500", "code": "STATUS_CODE_ERROR"}, "status")
    # The library writes out the status that stands for none.
    equal(request.get("status") or None, None, "status")
    for span in spans:
        check_origin(span)


def check_origin(item):
    equal(item["resource"]["service.name"], "otlp-smoke", "resource")
    equal(item["resource"]["deployment.environment.name"], "check", "resource")
    equal(item["scope"], "ferrocast", "scope")
    equal(item["authorization"], "Bearer smoke", "header")


def check_errors(receiver):
    records = receiver.lines("record")
    equal(len(records), RECORDS, "log records")
    failed, panicked = records
    for record in records:
        check_origin(record)
        equal((record["severity_number"], record["severity_text"]), ("SEVERITY_NUMBER_ERROR", "ERROR"), "severity")
    equal(failed["body"], {"string_value": "inference failed"}, "body")
    equal((failed["trace_id"], failed["attributes"]["model"]), (TRACE, "penguins"), "record")
    equal(panicked["attributes"]["panic"], "a panic on purpose", "record")


def check_counts(result, receiver):
    """Each span is accepted or dropped, and what is accepted has arrived."""
    made = FIRST_SPANS + SPANS * result["requests"]
    equal(result["sent_spans"] + result["dropped_spans"], made, "sent and dropped spans")
    arrived = receiver.lines("span")
    # What a receiver takes and does not confirm before it dies is sent again, or counted as lost.
    assert len({span["span_id"] for span in arrived}) >= result["sent_spans"], f"{len(arrived)} arrived: {result}"
    assert result["longest_us"] < WAITED_US, f"a request waited: {result}"
    assert result["shutdown_ms"] < 3000, f"the end took too long: {result}"
    assert 0 < result["peak_kib"] < PEAK_KIB, f"too much memory: {result}"


def outages(log):
    """How often the log tells of the beginning and of the end of an outage of traces."""
    messages = [line["message"] for line in log]
    began = sum(message.startswith("OTLP: traces cannot be sent") for message in messages)
    return began, messages.count("OTLP: traces are sent again")


def everything_arrives(path, protocol, folder):
    receiver = Receiver(protocol, folder).start()
    program = Program(path, protocol, receiver.port)
    receiver.wait_for_spans(FIRST_SPANS + 100 * SPANS)
    result, log = program.finish()
    equal((result["complete"], result["dropped_spans"], result["dropped_records"]), (True, 0, 0), "losses")
    equal((result["sent_records"], outages(log)), (RECORDS, (0, 0)), "records and outages")
    check_counts(result, receiver)
    check_first_request(receiver)
    check_errors(receiver)
    receiver.kill()
    return result


def receiver_comes_late_dies_and_comes_back(path, protocol, folder):
    receiver = Receiver(protocol, folder)
    program = Program(path, protocol, receiver.port)
    program.wait_for_line("traces cannot be sent")
    receiver.start()
    program.wait_for_line("traces are sent again")
    # The library tells of an outage when it has given up a batch, which takes as long as the program's timeout: the first
    # request was in it.
    equal([span for span in receiver.lines("span") if span["trace_id"] == TRACE], [], "spans of the first trace")
    receiver.kill()
    program.wait_for_line("traces cannot be sent", times=2)
    program.wait_for_line("spans are dropped")
    receiver.start()
    arrived = len(receiver.lines("span"))
    receiver.wait_for_spans(arrived + 1000)
    result, log = program.finish()
    equal(outages(log), (2, 2), "outages told of")
    assert result["dropped_spans"] > 0, f"nothing was dropped: {result}"
    check_counts(result, receiver)
    receiver.kill()
    return result


def receiver_stops_and_goes_on(path, protocol, folder):
    receiver = Receiver(protocol, folder).start()
    program = Program(path, protocol, receiver.port)
    receiver.wait_for_spans(100)
    receiver.process.send_signal(signal.SIGSTOP)
    program.wait_for_line("traces cannot be sent")
    program.wait_for_line("spans are dropped")
    receiver.process.send_signal(signal.SIGCONT)
    program.wait_for_line("traces are sent again")
    result, log = program.finish()
    equal(outages(log), (1, 1), "outages told of")
    assert result["dropped_spans"] > 0, f"nothing was dropped: {result}"
    check_counts(result, receiver)
    receiver.kill()
    return result


def receiver_is_stopped_at_the_end(path, protocol, folder):
    receiver = Receiver(protocol, folder).start()
    program = Program(path, protocol, receiver.port)
    receiver.wait_for_spans(100)
    receiver.process.send_signal(signal.SIGSTOP)
    program.wait_for_line("traces cannot be sent")
    result, _ = program.finish()
    equal(result["complete"], False, "complete")
    # What is under way when it ends is neither sent nor lost.
    assert result["sent_spans"] + result["dropped_spans"] <= FIRST_SPANS + SPANS * result["requests"], f"{result}"
    assert result["shutdown_ms"] < 3000, f"the end took too long: {result}"
    receiver.kill()
    return result


def only_a_receiver_with_a_good_certificate_gets_it(path, protocol, folder):
    tls = [f"{folder}/key.pem", f"{folder}/certificate.pem"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", tls[0], "-out", tls[1], "-days", "1", "-subj", "/CN=check",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"],
                   check=True, stderr=subprocess.DEVNULL)
    receiver = Receiver(protocol, folder, tls).start()
    stranger = Program(path, protocol, receiver.port, "https")
    stranger.wait_for_line("traces cannot be sent")
    _, log = stranger.finish()
    assert any("certificate" in line["message"] for line in log), f"the log does not say what is wrong: {log}"
    equal(receiver.lines("span"), [], "spans")

    program = Program(path, protocol, receiver.port, "https", SSL_CERT_FILE=tls[1])
    receiver.wait_for_spans(FIRST_SPANS)
    result, log = program.finish()
    equal((result["complete"], result["dropped_spans"], outages(log)), (True, 0, (0, 0)), "losses")
    check_first_request(receiver)
    receiver.kill()
    return result


def a_collector_takes_it(path, protocol, folder):
    """`rotel`, which is not of the makers of the messages above."""
    import rotel

    ports = {"grpc": free_port(), "http": free_port()}
    out = Path(folder) / f"rotel-{protocol}.log"
    command = [Path(rotel.__file__).parent / "rotel-agent", "start", "--exporter", "blackhole", "--debug-log", "traces",
               "--debug-log", "logs", "--debug-log-verbosity", "detailed",
               "--otlp-grpc-endpoint", f"127.0.0.1:{ports['grpc']}", "--otlp-http-endpoint", f"127.0.0.1:{ports['http']}"]
    with out.open("w") as file:
        collector = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        wait(lambda: connects(ports[protocol]), "the collector")
        program = Program(path, protocol, ports[protocol])
        wait(lambda: all(text in out.read_text() for text in (TRACE, "POST /predict_async", "inference failed")), "the trace")
        result, log = program.finish()
        equal((result["complete"], result["dropped_spans"], outages(log)), (True, 0, (0, 0)), "losses")
        equal(result["sent_records"], RECORDS, "records")
    finally:
        collector.kill()
        collector.wait()
    return result


def connects(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


CHECKS = [
    everything_arrives,
    receiver_comes_late_dies_and_comes_back,
    receiver_stops_and_goes_on,
    receiver_is_stopped_at_the_end,
    only_a_receiver_with_a_good_certificate_gets_it,
    a_collector_takes_it,
]

if __name__ == "__main__":
    for check in CHECKS:
        for protocol in ("grpc", "http"):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    result = check(sys.argv[1], protocol, folder)
                except AssertionError as error:
                    sys.exit(f"{check.__name__}, {protocol}: {error}")
            print(f"{check.__name__}, {protocol}: {json.dumps(result)}", flush=True)
