import { createStockPeer } from './src/testing/stock-peer.ts'
import { startKithRelay } from './src/testing/processes.ts'
import { mkdtempSync, readFileSync } from 'node:fs'
import { ask, RESERVE } from './src/testing/raw-circuit.ts'
const home=mkdtempSync('/tmp/fl-')
const r=startKithRelay(['run','--home',home,'--json','--listen','/ip4/127.0.0.1/tcp/0','--admin','127.0.0.1:0','--stun','off'])
const ready=await r.event('ready')
const rss=()=>/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${r.child.pid}/status`,'utf8'))[1]/1024|0
console.log('idle rss',rss())
const peer=await createStockPeer({circuit:false})
const { multiaddr } = await import('@multiformats/multiaddr')
const conn=await peer.dial(multiaddr(ready.addresses[0]))
const m=conn.muxer
const N=Number(process.argv[2]??300000)
const frame=(id,type,flag,len)=>{const b=new Uint8Array(12);const v=new DataView(b.buffer);b[1]=type;v.setUint16(2,flag);v.setUint32(4,id);v.setUint32(8,len);return b}
const big=new Uint8Array(12*1000)
let id=1001
const kind=process.argv[3]??'syn'
let worst=0,stop=false
const pings=(async()=>{while(!stop){const t=performance.now();await (await fetch(ready.admin+'/healthz')).text();worst=Math.max(worst,performance.now()-t);await new Promise(r=>setTimeout(r,5))}})()
const t0=performance.now()
for(let i=0;i<N/1000;i++){for(let j=0;j<1000;j++){ big.set(kind==='syn'?frame(id,1,1,0):frame(0,2,1,j),12*j); id+=2} ; if(!m.send(big.slice())) await new Promise(r=>m.maConn.addEventListener('drain',r,{once:true}))}
console.log('sent',(performance.now()-t0)|0)
await new Promise(r=>setTimeout(r,3000))
stop=true;await pings
console.log('worst stall ms',worst|0,'rss',rss(),'conn status',conn.status, await (await fetch(ready.admin+'/status')).json().then(s=>[s.connections,s.reservations]))
const ada=await createStockPeer({circuit:false}); console.log((await ask(ada,ready.addresses[0],RESERVE)).status)
r.child.kill('SIGTERM'); console.log(await r.exit(), r.stderr()); process.exit()
