"""The test service of grpc.ts and its cases on Python's grpcio (gRPC's C core): another implementation of both ends.

grpc_peer.py serve          prints its port, serves until its input ends
grpc_peer.py call PORT      runs every case against PORT, prints one line of JSON: case -> outcome
"""
import json
import sys
import threading
from concurrent import futures

import grpc

SERVICE = "meshwright.test.TestService"
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def fail_if_asked(context):
    wanted = dict(context.invocation_metadata()).get("x-fail")
    if wanted is None:
        return
    code, _, words = wanted.partition(" ")
    statuses = {status.value[0]: status for status in grpc.StatusCode}
    context.abort(statuses[int(code)], words)


def unary(request, context):
    fail_if_asked(context)
    if request == b"never":
        ended = threading.Event()
        context.add_callback(ended.set)
        ended.wait(30)
        return b""
    fields = context.invocation_metadata()
    context.send_initial_metadata([(k, v) for k, v in fields if k == "x-echo"])
    context.set_trailing_metadata([(k, v) for k, v in fields if k == "x-echo-bin"])
    return request


def client_stream(requests, context):
    size = 0
    for message in requests:
        size += len(message)
        if message == b"enough":
            break
    return str(size).encode()


def server_stream(request, context):
    for size in request.decode().split(","):
        yield b"a" * int(size)
    fail_if_asked(context)


def bidi(requests, context):
    for message in requests:
        yield message


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(16), options=UNLIMITED)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
        "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
        "Bidi": grpc.stream_stream_rpc_method_handler(bidi),
    }),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(0).wait()


def status_of(work):
    try:
        work()
        return [0, ""]
    except grpc.RpcError as error:
        return [error.code().value[0], error.details()]


def call(port):
    channel = grpc.insecure_channel(
        f"127.0.0.1:{port}", options=[*UNLIMITED, ("grpc.default_authority", "callee"), ("grpc.enable_retries", 0)])
    path = lambda name: f"/{SERVICE}/{name}"
    ask, collect = channel.unary_unary(path("Unary")), channel.stream_unary(path("ClientStream"))
    tell, talk = channel.unary_stream(path("ServerStream")), channel.stream_stream(path("Bidi"))
    results = {"empty unary": ask(b"") == b""}
    large = b"0123456789" * 400_000
    results["large unary"] = ask(large) == large
    results["client streaming"] = int(collect(iter([b"x" * size for size in (27_182, 8, 1_828, 45_904)])))
    results["server streaming"] = [len(message) for message in tell(b"31415,9,2653,58979,0,300000")]
    results["empty stream"] = len(list(talk(iter([]))))

    turn = threading.Semaphore(1)
    answers = []

    def pings():
        for i in range(50):
            turn.acquire()
            yield str(i).encode()

    for answer in talk(pings()):
        answers.append(int(answer))
        turn.release()
    results["ping-pong"] = answers == list(range(50))
    many = [bytes([i % 256]) * 50_000 for i in range(200)]
    results["both directions"] = list(talk(iter(many))) == many

    waiting = threading.Event()

    def stuck():
        yield b"x"
        waiting.wait(30)

    running = talk(stuck())
    next(running)
    running.cancel()
    results["cancel"] = status_of(lambda: list(running))[0]
    waiting.set()
    results["deadline"] = status_of(lambda: ask(b"never", timeout=0.3))[0]
    results["status"] = status_of(lambda: ask(b"", metadata=[("x-fail", "2 plain message")]))
    results["status after data"] = status_of(lambda: list(tell(b"5", metadata=[("x-fail", "13 after data")])))
    _, told = ask.with_call(b"x", metadata=[("x-echo", "test value"), ("x-echo-bin", b"\x00\x01\xfe\xff")])
    results["metadata"] = [dict(told.initial_metadata()).get("x-echo"), dict(told.trailing_metadata()).get("x-echo-bin", b"").hex()]
    results["unimplemented method"] = status_of(lambda: channel.unary_unary(path("Missing"))(b""))[0]
    results["unimplemented service"] = status_of(lambda: channel.unary_unary("/meshwright.test.Nobody/Missing")(b""))[0]
    print(json.dumps(results), flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else call(int(sys.argv[2]))
