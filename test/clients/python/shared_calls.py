"""Makes calls by Python's gRPC and compares their answers. It needs Debian's python3-grpcio, python3-protobuf and protoc.

Arguments: the address of the service, a folder with the code that `protoc --python_out` makes of proto/. The calls come as
JSON on the standard input: a list of objects with `method`, `request` and `response`, what must at least be answered.
"""

import json
import sys

import grpc
from google.protobuf import json_format

SERVICE = "doris.cloud.MetaService"


def main() -> None:
    address, generated = sys.argv[1:]
    sys.path.insert(0, generated)
    from cloud import meta_service_pb2

    methods = meta_service_pb2.DESCRIPTOR.services_by_name["MetaService"].methods_by_name
    calls = json.load(sys.stdin)
    with grpc.insecure_channel(address) as channel:
        for call in calls:
            response = make(channel, methods[call["method"]], call["request"])
            shown = json_format.MessageToDict(response, preserving_proto_field_name=True)
            expect_in(shown, call["response"], call["method"])
        expect_error(channel, methods["http"], grpc.StatusCode.UNIMPLEMENTED)
        expect_compressed(channel, methods["get_version"])
    print(f"{len(calls)} calls answered as expected")


def stub(channel, method):
    return channel.unary_unary(
        f"/{SERVICE}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=class_of(method.output_type).FromString,
    )


def class_of(descriptor):
    return descriptor._concrete_class


def make(channel, method, request, **options):
    message = json_format.ParseDict(request, class_of(method.input_type)())
    return stub(channel, method)(message, timeout=30, **options)


def expect_error(channel, method, code) -> None:
    try:
        make(channel, method, {})
    except grpc.RpcError as error:
        assert error.code() == code, f"{method.name} failed with {error.code()}"
    else:
        raise AssertionError(f"{method.name} did not fail")


def expect_compressed(channel, method) -> None:
    request = {"cloud_unique_id": "x" * 100_000}
    response = make(channel, method, request, compression=grpc.Compression.Gzip)
    assert response.status.msg.startswith("params error"), response


def expect_in(shown, expected, where) -> None:
    """Whether all of `expected` is in `shown`."""
    if not isinstance(expected, dict):
        assert shown == expected, f"{where}: {shown!r}, not {expected!r}"
        return
    for name, value in expected.items():
        assert name in shown, f"{where}: there is no {name} in {shown}"
        expect_in(shown[name], value, f"{where}.{name}")


main()
