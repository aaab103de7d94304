import { create, type DescFile, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../schema/gen/grpc/reflection/v1/reflection_pb.ts';
import type { Descriptors } from './descriptors.ts';
import { GrpcCode, GrpcError } from './status.ts';
import type { Replies, StreamHandler, StreamingMethod } from './streaming-call.ts';

type Found = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/**
 * `ServerReflectionInfo`, by which clients without the proto files learn what there is to call. Its messages are the same
 * in v1 and v1alpha.
 */
export function reflectionMethod(descriptors: Descriptors): StreamingMethod {
  return (replies) => new Reflection(replies, descriptors);
}

class Reflection implements StreamHandler {
  /** What need not be sent again in this call. */
  readonly #sent = new Set<DescFile>();

  constructor(
    private readonly replies: Replies,
    private readonly descriptors: Descriptors,
  ) {}

  onMessage(message: Uint8Array): void {
    const request = read(message);
    const response = create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: this.#find(request.messageRequest),
    });
    this.replies.send(toBinary(ServerReflectionResponseSchema, response));
  }

  onEnd(): void {
    this.replies.end();
  }

  onDrain(): void {
    this.replies.end(new GrpcError(GrpcCode.unavailable, 'the service is stopping'));
  }

  #find(asked: ServerReflectionRequest['messageRequest']): Found {
    switch (asked.case) {
      case 'fileByFilename':
        return this.#files(this.descriptors.file(asked.value));
      case 'fileContainingSymbol':
        return this.#files(this.descriptors.fileOfSymbol(asked.value));
      case 'fileContainingExtension':
        return this.#files(this.descriptors.fileOfExtension(asked.value.containingType, asked.value.extensionNumber));
      case 'allExtensionNumbersOfType': {
        const extensionNumber = this.descriptors.extensionNumbers(asked.value);
        if (extensionNumber === undefined) return notFound();
        const value = { baseTypeName: asked.value, extensionNumber: [...extensionNumber] };
        return { case: 'allExtensionNumbersResponse', value };
      }
      case 'listServices': {
        const service = this.descriptors.services.map((name) => ({ name }));
        return { case: 'listServicesResponse', value: { service } };
      }
      default:
        throw new GrpcError(GrpcCode.invalid_argument, 'the request asks for nothing that is known');
    }
  }

  /** A file, and all that it imports, but what the client has. */
  #files(file: DescFile | undefined): Found {
    if (file === undefined) return notFound();
    const fileDescriptorProto: Uint8Array[] = [this.descriptors.encoded(file)];
    this.#sent.add(file);
    const addImports = ({ dependencies }: DescFile): void => {
      for (const one of dependencies) {
        if (this.#sent.has(one)) continue;
        this.#sent.add(one);
        fileDescriptorProto.push(this.descriptors.encoded(one));
        addImports(one);
      }
    };
    addImports(file);
    return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
  }
}

function read(message: Uint8Array): ServerReflectionRequest {
  try {
    return fromBinary(ServerReflectionRequestSchema, message);
  } catch {
    throw new GrpcError(GrpcCode.invalid_argument, 'Fail to parse request=ServerReflectionRequest');
  }
}

function notFound(): Found {
  return { case: 'errorResponse', value: { errorCode: GrpcCode.not_found, errorMessage: 'not found' } };
}
