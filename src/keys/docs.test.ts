import { expect, test } from 'vitest';
import { keysPage } from './docs.ts';

test('docs/keys.md is current', async () => {
  await expect(keysPage()).toMatchFileSnapshot('../../docs/keys.md');
});
