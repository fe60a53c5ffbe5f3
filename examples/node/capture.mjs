// A second address of a coordinator: passes everything on, and keeps each message that is posted to it as a file of this folder.
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

const [, , to = 'http://127.0.0.1:8081', port = '8090'] = process.argv;
let messages = 0;
const proxy = createServer(async (asked, response) => {
  const body = await buffer(asked);
  if (asked.url === '/message') {
    writeFileSync(`message-${++messages}.bin`, body);
    console.log(`message-${messages}.bin: ${body.length} bytes`);
  }
  const onwards = request(new URL(asked.url, to), { method: asked.method, headers: asked.headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onwards.on('error', () => response.destroy());
  onwards.end(body);
});
proxy.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${proxy.address().port} passes on to ${to}`));
