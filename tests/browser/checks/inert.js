// Nothing from a record has become markup: no element that a report doesn't use, no handler, no script but
// the page's own, no address but fragments and neighbours, and nothing that ran.
const findings = [];
if (window.planted !== undefined) findings.push("a script of the record ran: window.planted is " + window.planted);
const strange = "img,image,picture,iframe,frame,object,embed,link,base,form:not(.filter),input:not(.filter input),audio,video,source,marquee,foreignObject,use,animate,set,meta[http-equiv]";
all(strange).forEach((element) => findings.push("unexpected element " + cut(element.outerHTML, 120)));
// The page's own scripts stand at its end; data has a type.
const own = all("body > script").at(-1);
all("script").filter((script) => script !== own && script.type !== "application/json")
  .forEach((script) => findings.push("unexpected script " + cut(script.outerHTML, 120)));
for (const element of all("*")) {
  for (const { name, value } of element.attributes) {
    const address = /^(src|href|xlink:href|action|formaction|poster|data|srcset|ping|background)$/.test(name);
    if (name.startsWith("on")) findings.push("handler " + name + " on " + named(element));
    if (address && (/^\s*([a-z][a-z0-9+.-]*:|\/\/)/i.test(value))) findings.push("outside address " + name + "=" + cut(value) + " on " + named(element));
    if (name === "style" && /url\(/i.test(value)) findings.push("address in the style of " + named(element));
  }
}
all("style").filter((style) => /@import|url\(/i.test(style.textContent)).forEach(() => findings.push("address in a style sheet"));
return findings;
