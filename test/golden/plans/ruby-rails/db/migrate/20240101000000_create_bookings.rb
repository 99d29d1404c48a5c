class CreateBookings < ActiveRecord::Migration[7.1]
  def change
    create_table :bookings
  end
end
