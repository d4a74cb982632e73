"use strict";

// The rival: Express and socket.io, one room a symbol, a quote of some 200 bytes of JSON for each move, sent at once.
// `node server.js PORT RATE SYMBOLS`: each symbol moves RATE times a second, the moves evenly spread; 0 is a quiet market.
// A client names its symbols by `?w=3,14,15` and is let in by a session cookie, looked up in memory.

const http = require("http");
const { performance } = require("perf_hooks");
const express = require("express");
const { Server } = require("socket.io");

const [port, rate, symbols] = process.argv.slice(2).map(Number);
const SESSIONS = 20000;

const sessions = new Map();
for (let user = 1; user <= SESSIONS; user++) sessions.set(`session${user}`, { user });

const application = express();
application.get("/health", (request, response) => response.json({ status: "healthy" }));
const server = http.createServer(application);
const io = new Server(server, { transports: ["websocket"], serveClient: false });

io.use((socket, next) => {
  const cookie = /(?:^|; )sid=(\w+)/.exec(socket.handshake.headers.cookie || "");
  const session = cookie && sessions.get(cookie[1]);
  if (!session) return next(new Error("sign in first"));
  socket.data.user = session.user;
  next();
});

io.on("connection", (socket) => {
  for (const symbol of String(socket.handshake.query.w || "").split(",")) if (symbol) socket.join(`symbol:${symbol}`);
});

// The moment a quote is made, in microseconds since the epoch
const stamp = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

function quote(symbol, number) {
  const bid = 100 + (number % 5000) / 100;
  return {
    symbol: `SYM${String(symbol).padStart(3, "0")}`,
    name: `Example Holdings Corporation ${symbol}`,
    ts: stamp(),
    bid,
    ask: bid + 0.02,
    last: bid + 0.01,
    change: (number % 300) / 100,
    percent: (number % 200) / 100,
    volume: 1000000 + number,
    open: 101.25,
    high: 154.5,
    low: 99.75,
  };
}

function runMarket() {
  const gap = 1000 / (rate * symbols);
  const begun = performance.now();
  let number = 0;
  const step = () => {
    // A few at a time: sockets are heard between
    for (let most = 50; most > 0 && begun + number * gap <= performance.now(); most--, number++) {
      const symbol = number % symbols;
      io.to(`symbol:${symbol}`).emit("quote", quote(symbol, number));
    }
    const left = begun + number * gap - performance.now();
    if (left <= 0) setImmediate(step);
    else setTimeout(step, Math.max(1, Math.floor(left)));
  };
  step();
}

server.listen({ port, host: "127.0.0.1", backlog: 4096 }, () => {
  if (rate > 0) runMarket();
});
process.on("SIGTERM", () => process.exit(0));
