/** A program that says of itself when it is idle; its standard streams are pipes. */
import { createSocket } from 'node:dgram'
import { isProcessIdle } from '../process-idle.node.ts'

process.stdout.write('')
const resting = isProcessIdle()
const timer = setTimeout(() => {}, 1_000)
const waiting = isProcessIdle()
clearTimeout(timer)
process.stdin.resume()
const reading = isProcessIdle()
process.stdin.pause()
const paused = isProcessIdle()
const socket = createSocket('udp4').bind(0, '127.0.0.1')
const listening = isProcessIdle()
socket.close()
process.stdout.write(JSON.stringify({ resting, waiting, reading, paused, listening }))
