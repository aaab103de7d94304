import { ADMIN_CODES, type AdminCode, statusOf } from '../admin/reply.ts';
import { JSON_TYPE, type Reference, type ResponseObject, responseRef, statusSchema, TEXT_TYPE } from './document.ts';

type Failures = Readonly<Record<string, ResponseObject>>;

const ABOUTS: Readonly<Record<Exclude<AdminCode, 'OK'>, string>> = {
  INVALID_ARGUMENT: 'The request is wrong, or not allowed in the state in which things are.',
  NOT_FOUND: 'What it is about is not there, or there is no such operation.',
  ALREADY_EXISTED: 'What is to be created is there already.',
  INTERNAL_ERROR: 'Something else is in the way, of which the message tells.',
};

const WRONG_TOKEN: ResponseObject = {
  description: 'The token is missing or wrong.',
  content: { [TEXT_TYPE]: { schema: { type: 'string' } } },
};

const statusContent = (code: AdminCode) => ({ [JSON_TYPE]: { schema: statusSchema(code) } });
const TEXT = { [TEXT_TYPE]: { schema: { type: 'string' as const } } };

/** What the admin API answers to calls that have not gone well, by the names under which a description keeps it. */
export const failureResponses: Failures = {
  ...Object.fromEntries(codes().map((code) => [code, { description: ABOUTS[code], content: statusContent(code) }])),
  WRONG_TOKEN,
  BUSY: { description: 'There is too much to do; try again soon.', content: statusContent('INTERNAL_ERROR') },
};

/** The same by HTTP status, as references. */
export const adminFailures: Readonly<Record<string, Reference>> = {
  ...Object.fromEntries(codes().map((code) => [String(statusOf(code)), responseRef(code)])),
  '403': responseRef('WRONG_TOKEN'),
  '503': responseRef('BUSY'),
};

/** Of an operation of the admin API that answers in text: some of its failures are texts as well. */
export const textFailures: Readonly<Record<string, ResponseObject | Reference>> = {
  ...adminFailures,
  ...Object.fromEntries(
    codes().map((code) => [
      String(statusOf(code)),
      { description: ABOUTS[code], content: { ...statusContent(code), ...TEXT } },
    ]),
  ),
};

/** Of the recycler's API, which says in text what is wrong. */
export const recyclerFailures: Readonly<Record<string, ResponseObject | Reference>> = {
  ...Object.fromEntries(codes().map((code) => [String(statusOf(code)), { description: ABOUTS[code], content: TEXT }])),
  '403': responseRef('WRONG_TOKEN'),
  '501': { description: 'This is not done here.', content: TEXT },
  '503': {
    description: 'There is too much to do, or the service stops; try again soon.',
    content: { ...statusContent('INTERNAL_ERROR'), ...TEXT },
  },
};

function codes(): Exclude<AdminCode, 'OK'>[] {
  return ADMIN_CODES.filter((code) => code !== 'OK');
}
