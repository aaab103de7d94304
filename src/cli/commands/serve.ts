import { command } from '../program/command.ts';
import { readVersion } from '../version.ts';

/** `nereus serve`, which is what happens without a command, too. The program starts it without asking this table. */
export const serve = command({
  name: 'serve',
  summary: 'Run the service',
  without_json: true,
  settings: 'all',
  examples: [
    { does: 'Serve on 127.0.0.1:5000, with the store in ./data', line: 'nereus serve' },
    {
      does: 'Serve to the network, with a token of your own',
      line: 'nereus serve --listen 0.0.0.0:5000 --data-dir /var/lib/nereus --http-token-file /etc/nereus/token',
    },
    { does: 'Serve with a file of settings', line: 'nereus serve --config /etc/nereus/nereus.conf' },
  ],
  run: async (_given, { loaded, terminal }) => (await import('../serve.ts')).serve(loaded, terminal, readVersion()),
});
