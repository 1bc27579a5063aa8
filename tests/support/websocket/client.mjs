// Many WebSocket clients of the package `ws`, driven by JSON lines on standard input; what happens to
// them comes as JSON lines on standard output. Ends with its input.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/");
const { WebSocket } = require("ws");

const sockets = new Map();

function tell(id, event, more = {}) {
  process.stdout.write(JSON.stringify({ id, event, ...more }) + "\n");
}

function open({ id, url, protocols = [], headers = {}, options = {} }) {
  const socket = new WebSocket(url, protocols, { headers, perMessageDeflate: false, ...options });
  sockets.set(id, socket);
  socket.on("open", () =>
    tell(id, "open", { protocol: socket.protocol, extensions: socket.extensions }),
  );
  socket.on("message", (data, binary) => tell(id, "message", { text: data.toString(), binary }));
  socket.on("ping", () => tell(id, "ping"));
  socket.on("pong", (data) => tell(id, "pong", { text: data.toString() }));
  socket.on("close", (code, reason) => tell(id, "close", { code, reason: reason.toString() }));
  socket.on("error", (error) => tell(id, "error", { message: error.message }));
  socket.on("unexpected-response", (_, response) => {
    let body = "";
    response.on("data", (chunk) => (body += chunk));
    response.on("end", () =>
      tell(id, "refused", { status: response.statusCode, headers: response.headers, body }),
    );
  });
}

const actions = {
  open,
  send: ({ id, text }) => sockets.get(id).send(text),
  send_binary: ({ id, text }) => sockets.get(id).send(Buffer.from(text)),
  ping: ({ id, text }) => sockets.get(id).ping(text),
  pause: ({ id }) => sockets.get(id).pause(),
  resume: ({ id }) => sockets.get(id).resume(),
  close: ({ id, code, reason }) => sockets.get(id).close(code, reason),
  terminate: ({ id }) => sockets.get(id).terminate(),
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line);
  try {
    actions[command.op](command);
  } catch (error) {
    tell(command.id, "error", { message: error.message });
  }
});
lines.on("close", () => process.exit(0));
