import type { Arsenal } from './attack.ts';
import { baiduStd } from './baidu-std.ts';
import { http1 } from './http1.ts';
import { http2 } from './http2.ts';
import { tls } from './tls.ts';

/** The ways to attack each protocol. */
export const ARSENALS = {
  http1,
  http2,
  baidu_std: baiduStd,
  tls,
} as const satisfies Readonly<Record<string, Arsenal>>;

export type ArsenalName = keyof typeof ARSENALS;
