const {set}=Object.getOwnPropertyDescriptor(Document.prototype,'cookie'),event=new Event('k');
function outer(){dispatchEvent(event)}
function inner(){document.cookie='script=1'}
addEventListener('k',inner,{once:true});outer();
addEventListener('k',set.bind(document,'native=1'),{once:true});outer();
setTimeout(set.bind(document,'browser=1'));setTimeout(()=>window.D=1,9);
{let c=[set,document,['deep=1']];for(let i=0;i<200;i++)c=[Reflect.apply,null,c];Reflect.apply(...c)}
