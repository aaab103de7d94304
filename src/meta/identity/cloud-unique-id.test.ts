import { describe, expect, test } from 'vitest';
import { instanceNamedBy } from './cloud-unique-id.ts';

describe('the instance that a cloud_unique_id names', () => {
  test.each([
    ['1:inst:node', 'inst'],
    ['01:inst:node', 'inst'],
    [' 1:inst:node', 'inst'],
    ['1x:inst:node', 'inst'],
    ['+1:inst:node', 'inst'],
    ['1:inst:node:', 'inst'],
    ['::1:inst:node', 'inst'],
  ])('%j names it', (id, instance) => expect(instanceNamedBy(id)).toBe(instance));

  test.each([
    '',
    'plain',
    '1:inst',
    '1:inst:',
    '1::node',
    '2:inst:node',
    '10:inst:node',
    '0:i:n',
    '-1:i:n',
    'x1:i:n',
    '1:a:b:c',
  ])('%j names none', (id) => expect(instanceNamedBy(id)).toBeUndefined());
});
