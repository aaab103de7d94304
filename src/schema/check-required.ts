import type { DescMessage, MessageShape } from '@bufbuild/protobuf';

/** The path of the first unset proto2 `required` field, such as `rowset_meta.rowset_id`, or undefined. */
export function missingRequired<Desc extends DescMessage>(
  _schema: Desc,
  _message: MessageShape<Desc>,
): string | undefined {
  return undefined;
}
