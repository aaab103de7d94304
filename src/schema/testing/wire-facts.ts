import type { DescEnum, DescField, DescFile, DescMessage, DescService } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label } from '@bufbuild/protobuf/wkt';

/** What is on the wire, a line a field, enum value or method. */
export interface WireFacts {
  messages: Record<string, string[]>;
  enums: Record<string, string[]>;
  services: Record<string, string[]>;
}

/** The facts of everything that the files declare. */
export function wireFactsOf(files: Iterable<DescFile>): WireFacts {
  const facts: WireFacts = { messages: {}, enums: {}, services: {} };
  for (const file of files) {
    for (const message of file.messages) addMessage(facts, message);
    for (const declared of file.enums) addEnum(facts, declared);
    for (const service of file.services) addService(facts, service);
  }
  return facts;
}

function addMessage(facts: WireFacts, message: DescMessage): void {
  facts.messages[message.typeName] = message.fields.map(fieldFact);
  for (const inner of message.nestedMessages) addMessage(facts, inner);
  for (const inner of message.nestedEnums) addEnum(facts, inner);
}

function addEnum(facts: WireFacts, declared: DescEnum): void {
  facts.enums[declared.typeName] = declared.values.map((value) => `${value.name} = ${value.number}`);
}

function addService(facts: WireFacts, service: DescService): void {
  facts.services[service.typeName] = service.methods.map(
    (method) => `${method.name} ${method.methodKind} (${method.input.typeName}) (${method.output.typeName})`,
  );
}

function fieldFact(field: DescField): string {
  const proto = field.proto;
  const type = field.fieldKind === 'map' ? `map<${scalarName(field.mapKey)}, ${typeName(field)}>` : typeName(field);
  const label = FieldDescriptorProto_Label[proto.label].toLowerCase();
  const packed = field.fieldKind === 'list' && field.packed ? ' packed' : '';
  const fallback = Object.hasOwn(proto, 'defaultValue') ? ` default ${proto.defaultValue}` : '';
  return `${label} ${type} ${field.name} = ${field.number}${packed}${fallback}`;
}

function typeName(field: DescField): string {
  return field.message?.typeName ?? field.enum?.typeName ?? scalarName(field.scalar ?? ScalarType.STRING);
}

function scalarName(type: ScalarType): string {
  return ScalarType[type].toLowerCase();
}
