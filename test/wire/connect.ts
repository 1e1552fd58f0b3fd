// Opens a TCP connection to an address as run.json writes it: `127.0.0.1:9143` or `[::1]:9143`; undefined where it is off.

import { connect, type Socket } from 'node:net'

export function openSocket(address: string | undefined): Promise<Socket> {
  if (address === undefined) return Promise.reject(new Error('this listener is off'))
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(address.slice(colon + 1)), noDelay: true })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      // What breaks later is told by the reader (ConnectionLost); here it must only not end the process.
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}
