{READ}
const b = new Blob([
  `{READ}const v=new Worker('data:text/javascript,{READ}postMessage(1)');v.onmessage=()=>postMessage(1)`,
]);
const u = new Worker(URL.createObjectURL(b));
u.onmessage = () => postMessage(1);
