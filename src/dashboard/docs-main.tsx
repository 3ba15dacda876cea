import { render } from "preact";
import { Docs } from "./docs.tsx";

const page = document.getElementById("page");
if (page !== null) render(<Docs />, page);
