import { render } from "preact";
import { App } from "./app.tsx";
import { takeGrant } from "./grant.ts";

takeGrant();
const page = document.getElementById("page");
if (page !== null) render(<App />, page);
