"""A receiver of OTLP: `receiver.py <grpc|http> <port> <file> [<key> <certificate>]`, with TLS if it has a certificate.

It writes each span and each log record to the file, one JSON object a line, as OpenTelemetry's own messages read them, and prints
`ready` when it listens.
"""

import json
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


def attributes(pairs):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


class Log:
    """What was received, in the file."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")

    def write(self, signal, item, resource, scope, headers):
        line = MessageToDict(item, preserving_proto_field_name=True)
        # The dictionary has identifiers in Base64 and whole numbers as text.
        for name in ("trace_id", "span_id", "parent_span_id"):
            line[name] = getattr(item, name, b"").hex()
        line["attributes"] = attributes(item.attributes)
        line.update(signal=signal, resource=attributes(resource.attributes), scope=scope.name)
        line["authorization"] = headers.get("authorization")
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def traces(self, request, headers):
        for group in request.resource_spans:
            for scope in group.scope_spans:
                for span in scope.spans:
                    self.write("span", span, group.resource, scope.scope, headers)
        return trace_service_pb2.ExportTraceServiceResponse()

    def logs(self, request, headers):
        for group in request.resource_logs:
            for scope in group.scope_logs:
                for record in scope.log_records:
                    self.write("record", record, group.resource, scope.scope, headers)
        return logs_service_pb2.ExportLogsServiceResponse()


def serve_grpc(port, log, tls):
    class Traces(trace_service_pb2_grpc.TraceServiceServicer):
        def Export(self, request, context):
            return log.traces(request, dict(context.invocation_metadata()))

    class Logs(logs_service_pb2_grpc.LogsServiceServicer):
        def Export(self, request, context):
            return log.logs(request, dict(context.invocation_metadata()))

    server = grpc.server(ThreadPoolExecutor(1))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Traces(), server)
    logs_service_pb2_grpc.add_LogsServiceServicer_to_server(Logs(), server)
    if tls:
        credentials = grpc.ssl_server_credentials([tuple(Path(path).read_bytes() for path in tls)])
        server.add_secure_port(f"127.0.0.1:{port}", credentials)
    else:
        server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


def serve_http(port, log, tls):
    routes = {
        "/v1/traces": (trace_service_pb2.ExportTraceServiceRequest, log.traces),
        "/v1/logs": (logs_service_pb2.ExportLogsServiceRequest, log.logs),
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            route = routes.get(self.path)
            wanted = self.headers["content-type"] == "application/x-protobuf"
            answer = route[1](route[0].FromString(body), self.headers).SerializeToString() if route and wanted else b""
            self.send_response(200 if route and wanted else 404)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    # Of a client that has given up meanwhile.
    server.handle_error = lambda *_: None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls[1], tls[0])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    protocol, port, path, *tls = sys.argv[1:]
    {"grpc": serve_grpc, "http": serve_http}[protocol](int(port), Log(path), tls)
