import type { S3Client } from '@aws-sdk/client-s3';
import { RequestFailed } from '../requests.ts';

/** What is in the answers on which it is believed that objects are gone, be it an error. */
const ANSWERS: Readonly<Record<string, RegExp>> = {
  ListObjectsV2Command: /<(?:\w+:)?(?:ListBucketResult|Error)[\s/>]/,
  DeleteObjectsCommand: /<(?:\w+:)?(?:DeleteResult|Error)[\s/>]/,
  DeleteObjectCommand: /<(?:\w+:)?Error[\s/>]/,
};
/** Where in an answer it has said what it is. */
const BEGINNING_BYTES = 1000;

/** `x-amz-request-id`, `x-oss-request-id`: some storage has nothing else to say where nothing is left. */
const REQUEST_ID = /^x-[a-z]+-request-?id$/i;
const NO_CONTENT = 204;

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body?: unknown;
}

/**
 * Refuses what is no answer of S3, such as the page of a proxy or of another service at that address: in it the client finds
 * none of the fields that it looks for, and takes it for a listing without objects, or a deletion without errors.
 */
export function believeOnlyS3(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        const answer = result.response as Answer;
        const known = ANSWERS[commandName];
        if (known === undefined || answer.statusCode < 200 || answer.statusCode >= 300) return result;
        const body = await bytesOf(client, answer.body);
        answer.body = body;
        const text = Buffer.from(body.subarray(0, BEGINNING_BYTES)).toString('latin1');
        if (known.test(text) || (text === '' && maySayNothing(commandName, answer))) return result;
        throw new RequestFailed({ fault: 'failed', reason: `what answers (${answer.statusCode}) is no S3` });
      },
    { step: 'deserialize', priority: 'low', name: 'believeOnlyS3' },
  );
}

function maySayNothing(commandName: string, { statusCode, headers }: Answer): boolean {
  if (commandName === 'ListObjectsV2Command') return false;
  return statusCode === NO_CONTENT || Object.keys(headers).some((name) => REQUEST_ID.test(name));
}

async function bytesOf({ config }: S3Client, body: unknown): Promise<Uint8Array> {
  if (body === undefined || body instanceof Uint8Array) return body ?? new Uint8Array();
  return config.streamCollector(body);
}
