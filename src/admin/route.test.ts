import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import type { Answer } from '../rpc/answer.ts';
import { FinishTabletJobResponseSchema } from '../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { showStatusAsText } from './route.ts';

function show(code: MetaServiceCode, msg: string, acceptsJson: boolean) {
  const response = create(FinishTabletJobResponseSchema, { status: { code, msg }, alterVersion: 7n });
  const answer = response as Answer<typeof FinishTabletJobResponseSchema>;
  return showStatusAsText(FinishTabletJobResponseSchema, answer, undefined, { acceptsJson });
}

test('a status is text as the document prints it, or JSON for those who accept that', () => {
  expect(show(MetaServiceCode.OK, '', false)).toEqual({
    status: 200,
    contentType: 'text/plain',
    body: 'status {\n  code: OK\n  msg: ""\n}\n',
  });
  expect(show(MetaServiceCode.OK, '', true)).toMatchObject({ status: 200, contentType: 'application/json' });
});

test('a failure is JSON for everyone', () => {
  const failure = show(MetaServiceCode.INVALID_ARGUMENT, 'no', false);
  expect(failure).toMatchObject({ status: 400, contentType: 'application/json' });
  expect(JSON.parse(failure.body.toString())).toEqual({ code: 'INVALID_ARGUMENT', msg: 'no' });
});
