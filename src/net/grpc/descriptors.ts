import { type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** The files that describe some services, by what clients look for in them. */
export class Descriptors {
  readonly services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  /** The file that declares a service, a method, a message, an enum or an extension, by its full name. */
  readonly #symbols = new Map<string, DescFile>();
  /** The files that declare extensions of a message, by their numbers. */
  readonly #extensions = new Map<string, Map<number, DescFile>>();
  readonly #encoded = new Map<DescFile, Uint8Array>();

  constructor(services: readonly DescService[]) {
    this.services = services.map(({ typeName }) => typeName);
    for (const { file } of services) this.#add(file);
  }

  file(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  fileOfSymbol(symbol: string): DescFile | undefined {
    return this.#symbols.get(symbol);
  }

  fileOfExtension(message: string, number: number): DescFile | undefined {
    return this.#extensions.get(message)?.get(number);
  }

  /** Undefined for a message that is not known. */
  extensionNumbers(message: string): readonly number[] | undefined {
    if (!this.#symbols.has(message)) return undefined;
    return [...(this.#extensions.get(message)?.keys() ?? [])];
  }

  /** A `google.protobuf.FileDescriptorProto`, encoded. */
  encoded(file: DescFile): Uint8Array {
    const known = this.#encoded.get(file);
    if (known !== undefined) return known;
    const bytes = toBinary(FileDescriptorProtoSchema, file.proto);
    this.#encoded.set(file, bytes);
    return bytes;
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const type of nestedTypes(file)) {
      this.#symbols.set(type.typeName, file);
      if (type.kind === 'service') {
        for (const { name } of type.methods) this.#symbols.set(`${type.typeName}.${name}`, file);
      } else if (type.kind === 'extension') {
        const numbers = this.#extensions.get(type.extendee.typeName) ?? new Map<number, DescFile>();
        this.#extensions.set(type.extendee.typeName, numbers.set(type.number, file));
      }
    }
    for (const dependency of file.dependencies) this.#add(dependency);
  }
}
