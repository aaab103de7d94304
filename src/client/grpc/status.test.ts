import { expect, test } from 'vitest';
import { failureOfGrpcStatus, statusIn } from './status.ts';

test.each([
  [{ 'grpc-status': '0' }, { code: 0, message: '' }],
  [
    { 'grpc-status': '14', 'grpc-message': 'too%20busy%21' },
    { code: 14, message: 'too busy!' },
  ],
  [
    { 'grpc-status': '2', 'grpc-message': '100%' },
    { code: 2, message: '100%' },
  ],
  [{ 'grpc-status': 'OK' }, undefined],
  [{}, undefined],
])('the status in %j', (headers, expected) => {
  expect(statusIn(headers)).toEqual(expected);
});

test.each([
  [3, 'bad_request', false],
  [4, 'deadline', true],
  [8, 'busy', false],
  [12, 'bad_request', false],
  [13, 'failed', true],
  [14, 'unavailable', false],
  [99, 'failed', true],
  [0, 'protocol', true],
])('status %i is a failure of the kind %s, which may have been executed: %s', (code, kind, maybe_executed) => {
  expect(failureOfGrpcStatus({ code, message: 'm' })).toMatchObject({ kind, maybe_executed });
});
