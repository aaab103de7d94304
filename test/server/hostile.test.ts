import { hostileSuite } from '../support/hostile/hostile-suite.ts';

for (const protocol of ['http1', 'http2', 'baidu_std', 'tls'] as const) {
  hostileSuite({ protocol, frames: 3_000, warm_up_frames: 0 });
}
