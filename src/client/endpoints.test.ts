import { describe, expect, test } from 'vitest';
import { Rotation, readEndpoint } from './endpoints.ts';

describe('an endpoint', () => {
  test.each([
    ['http://meta-1:5000', { host: 'meta-1', port: 5000, tls: false, text: 'meta-1:5000' }],
    ['10.0.0.7:5000/', { host: '10.0.0.7', port: 5000, tls: false, text: '10.0.0.7:5000' }],
    ['HTTP://[::1]:80', { host: '::1', port: 80, tls: false, text: '[::1]:80' }],
    ['https://meta-1:5000', { host: 'meta-1', port: 5000, tls: true, text: 'meta-1:5000' }],
  ])('is read from %s', (text, expected) => {
    expect(readEndpoint(text)).toEqual(expected);
  });

  test.each([
    '',
    'meta-1',
    'meta-1:0',
    'meta-1:65536',
    ':5000',
    '::1:5000',
    'https:meta-1:5000',
    'ftp://meta-1:5000',
    'http://root:pa55word@meta-1:5000',
    'http://meta-1:5000/MetaService?token=pa55word',
  ])('is not %j, which the error does not quote', (text) => {
    expect(() => readEndpoint(text)).toThrow(TypeError);
    expect(() => readEndpoint(text)).not.toThrow(/pa55word/);
  });
});

describe('endpoints in rotation', () => {
  test('are left once, however many calls fail on one at a time', () => {
    const rotation = new Rotation(['a', 'b', 'c']);
    rotation.leave('a');
    rotation.leave('a');
    expect(rotation.current).toBe('b');
    rotation.leave('b');
    rotation.leave('c');
    expect(rotation.current).toBe('a');
  });
});
