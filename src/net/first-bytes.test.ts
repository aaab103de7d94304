import { describe, expect, test } from 'vitest';
import { protocolOf } from './first-bytes.ts';

describe('the first bytes of a connection', () => {
  test.each([
    ['G', 'http1'],
    ['GET / HTTP/1.1', 'http1'],
    ['PO', 'http1'],
    ['PRO', 'http1'],
    ['PROPFIND', 'http1'],
    ['PRIX', 'http1'],
    ['\r\nGET', 'http1'],
    ['get', 'http1'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2'],
    ['PRI ', 'http2'],
    ['PRPC', 'baidu_std'],
    ['PRPC\0\0\0\0', 'baidu_std'],
    ['PRPX', 'http1'],
    ['', 'undecided'],
    ['P', 'undecided'],
    ['PR', 'undecided'],
    ['PRI', 'undecided'],
    ['PRP', 'undecided'],
    ['\x16\x03\x01', 'none'],
    ['\0', 'none'],
    ['\xff', 'none'],
  ])('%j mean %s', (bytes, verdict) => {
    expect(protocolOf(Buffer.from(bytes, 'latin1'))).toBe(verdict);
  });

  test('are never undecided once four have come', () => {
    for (let first = 0; first < 256; first++) {
      for (const rest of ['RPC', 'RI ', 'RIP', 'RPP', 'UTS']) {
        expect(protocolOf(Buffer.concat([Buffer.of(first), Buffer.from(rest)]))).not.toBe('undecided');
      }
    }
  });
});
