import { create, type DescMessage, type Message, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import {
  type MetaServiceCode,
  type MetaServiceResponseStatus,
  MetaServiceResponseStatusSchema,
} from '../schema/gen/cloud/status_pb.ts';
import type { ResponseInit } from './method.ts';

/** Every response of the service has a status. */
export type Answer<Response extends DescMessage> = MessageShape<Response> & {
  readonly status: MetaServiceResponseStatus;
};

interface ResponseFields extends Pick<Message, '$unknown'> {
  readonly $typeName?: string;
  readonly status?: { readonly msg?: string };
}

/** The answer to a call: the fields of its response, and its status. */
export function answer<Response extends DescMessage>(
  schema: Response,
  response: ResponseInit<Response> | Readonly<Record<string, unknown>>,
  code: MetaServiceCode,
  message: string,
): Answer<Response> {
  const { $typeName, $unknown, status: given } = response as ResponseFields;
  // A response that is a message already may be somebody else's, and is only taken for its fields: its status is another.
  const fields = $typeName === undefined ? response : { ...response, $typeName: undefined };
  const answered = create(schema, fields as MessageInitShape<Response>) as MutableAnswer<Response>;
  answered.status = create(MetaServiceResponseStatusSchema, { code, msg: given?.msg ?? message });
  if ($unknown) answered.$unknown = $unknown;
  return answered;
}

type MutableAnswer<Response extends DescMessage> = MessageShape<Response> & { status: MetaServiceResponseStatus };
