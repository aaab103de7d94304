// As much of curl as README's tour needs, for machines without it: curl [-s] [-S] [-w FORMAT] [-d BODY] URL
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', short: 'd' },
    'write-out': { type: 'string', short: 'w', default: '' },
    silent: { type: 'boolean', short: 's' },
    'show-error': { type: 'boolean', short: 'S' },
  },
});

const [url] = positionals;
const post = {
  method: 'POST',
  body: values.data,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
};
const response = await fetch(url, values.data === undefined ? {} : post);
const afterwards = values['write-out'].replaceAll('%{http_code}', response.status).replaceAll('\\n', '\n');
process.stdout.write(`${await response.text()}${afterwards}`);
