import { hostileSuite } from '../../support/hostile/hostile-suite.ts';

hostileSuite({ protocol: 'tls', frames: 200_000, warm_up_frames: 20_000 });
