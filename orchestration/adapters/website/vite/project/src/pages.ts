import type { ComponentType } from "react";

// Every file in pages/ is the page that its name says: Home.tsx is <div id="root" data-page="Home">.
const modules = import.meta.glob<{ default: ComponentType }>("./pages/*.tsx", { eager: true });

export function pageNamed(name = ""): ComponentType {
  const found = modules[`./pages/${name}.tsx`];
  if (found === undefined) throw new Error(`There is no page called ${name}.`);
  return found.default;
}
