// A program that answers every frame of baidu_std with the frame in a file, under the id of the call: what node:net can do
// when there is nothing else to do. Arguments: the file. Prints its port.
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { eachFrame, idAt } from './frames.ts';

const answer = readFileSync(process.argv[2] ?? '');
const answerIdAt = idAt(answer, 0);

const server = createServer({ noDelay: true }, serve);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers: Buffer[] = [];
    rest = eachFrame(bytes, (from) => {
      const copy = Buffer.from(answer);
      copy[answerIdAt] = bytes[idAt(bytes, from)] ?? 0;
      answers.push(copy);
    });
    if (answers.length > 0) socket.write(Buffer.concat(answers));
  });
}
