// `npm start`: install, build, then serve in this same process, so that a signal reaches the service itself.
import { build } from './build.mjs';
import { setup } from './setup.mjs';

setup();
build();
await import('../dist/src/main.js');
