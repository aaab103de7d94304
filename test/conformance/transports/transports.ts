import { overBaiduStd } from './baidu-std.ts';
import { overGrpc } from './grpc.ts';
import { overHttp } from './http.ts';
import type { Connect } from './transport.ts';

/** Every way in but JSON, by name. */
export const TRANSPORTS: readonly (readonly [string, Connect])[] = [
  ['HTTP with binary messages', overHttp],
  ['gRPC', overGrpc],
  ['baidu_std', overBaiduStd],
];
