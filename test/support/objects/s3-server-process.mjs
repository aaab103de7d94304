// A process that is an S3 server: `node --openssl-legacy-provider s3-server-process.mjs FOLDER BUCKET...`. It says its port on
// standard output, and ends when its standard input does, so that it never outlives whoever started it.
import S3rver from 's3rver';

const [directory, ...buckets] = process.argv.slice(2);
const server = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory,
  vhostBuckets: false,
  configureBuckets: buckets.map((name) => ({ name })),
});
const { port } = await server.run();
process.stdout.write(`${port}\n`);
process.stdin.resume();
process.stdin.on('end', () => process.exit());
