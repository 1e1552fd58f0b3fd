// Waits until a socket takes more, or has closed: the sender of a large message holds no more than the socket's buffer.
import type { Socket } from 'node:net'

export function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (!socket.writableNeedDrain || socket.destroyed) {
      resolve()
      return
    }
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
