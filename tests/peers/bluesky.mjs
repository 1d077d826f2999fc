// Starts a Bluesky network of its own on loopback (directory, PDS, AppView), and a small door to it:
//
//   GET  /         where the PDS listens, as JSON
//   POST /settle   returns once the AppView has read all that the PDS has written
//   POST /hold     the AppView stops reading
//   POST /go       … and goes on, with all that was written meanwhile at once
//
// node bluesky.mjs FOLDER_OF_NODE_MODULES PORT_OF_THE_DOOR, with DB_POSTGRES_URL, DB_POSTGRES_SCHEMA
// and REDIS_HOST in the environment.
import http from 'node:http'
import net from 'node:net'
import { pathToFileURL } from 'node:url'

// The network's servers would listen on every address of the machine.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (where, ...rest) {
  const port = typeof where === 'object' ? where?.port : where
  if (port === undefined || where?.path) return listen.call(this, where, ...rest)
  const done = rest.find((one) => typeof one === 'function')
  return listen.call(this, { port, host: '127.0.0.1' }, done)
}

const [modules, door] = process.argv.slice(2)
const entry = pathToFileURL(`${modules}/@atproto/dev-env/dist/index.js`)
const { TestNetwork } = await import(entry)
const network = await TestNetwork.create({ pds: { hostname: 'localhost' } })

const acts = {
  'POST /settle': () => network.processAll(),
  'POST /hold': () => network.bsky.sub.stop(),
  'POST /go': () => network.bsky.sub.start(),
  'GET /': () => {},
}
const server = http.createServer(async (request, response) => {
  const act = acts[`${request.method} ${request.url}`]
  try {
    await act()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ pds: `http://127.0.0.1:${network.pds.port}` }))
  } catch (error) {
    response.statusCode = 500
    response.end(String(error))
  }
})
server.listen(Number(door))
process.on('SIGTERM', () => network.close().finally(() => process.exit(0)))
