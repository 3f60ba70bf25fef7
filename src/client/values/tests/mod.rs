mod decimal;
mod members;
